def start():
    import builtins
    import sys

    folder = __file__[: __file__.rindex("/")]
    is_file, program = sys.argv[1] == "file", sys.argv[2]
    frames = {sys._getframe().f_code, sys._getframe(1).f_code}
    # The program has a module of its own, in which no name of this file can be in its way, nor one of its own in the way of this file.
    main = type(sys)("__main__")
    main.__builtins__ = builtins
    sys.modules["__main__"] = main
    has_first = not getattr(sys.flags, "safe_path", False)
    if has_first:
        # As `-c` has it; here it is the folder of this file.
        sys.path[0] = ""

    def without_folder(action):
        # A `json.py` beside the workflow is not what is meant here.
        found, sys.path = sys.path, [entry for entry in sys.path if entry != ""]
        try:
            return action()
        finally:
            sys.path = found

    def read():
        try:
            file = open(folder + "/inputs.json", encoding="utf-8")
        except FileNotFoundError:
            return {}
        # Only now: it takes longer than all else here.
        import json

        with file:
            return json.load(file)["values"]

    def tell(kind, error, trace):
        import json
        import linecache
        import traceback

        if not is_file:
            linecache.cache[name] = (len(source), None, source.splitlines(True), name)
        place = [entry.lineno for entry in traceback.extract_tb(trace) if entry.filename == name]
        if isinstance(error, SyntaxError) and error.filename == name:
            place.append(error.lineno)
        text = error.msg if isinstance(error, SyntaxError) else str(error)
        title = kind.__qualname__
        if kind.__module__ not in ("builtins", "__main__"):
            title = kind.__module__ + "." + title
        message = title + ": " + text if text else title
        with open(folder + "/error.json", "w", encoding="utf-8", errors="replace") as file:
            json.dump({"message": message, "line": place[-1] if place else None}, file)
        traceback.print_exception(kind, error, trace)

    def on_error(kind, error, trace):
        while trace is not None and trace.tb_frame.f_code in frames:
            trace = trace.tb_next
        error.__traceback__ = trace
        try:
            without_folder(lambda: tell(kind, error, trace))
        except Exception:
            sys.__excepthook__(kind, error, trace)

    sys.excepthook = on_error
    # What a program prints is seen at once.
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)
    if is_file:
        import os

        name = program
        sys.argv = [program]
        main.__file__ = program
        if has_first:
            sys.path[0] = os.path.dirname(os.path.realpath(program))
        with open(program, "rb") as file:
            source = file.read()
    else:
        name = "<code>"
        sys.argv = [name]
        with open(program, encoding="utf-8", newline="") as file:
            source = file.read()
    vars(main).update(without_folder(read))
    exec(compile(source, name, "exec", dont_inherit=True), vars(main))


start()
