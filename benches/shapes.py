"""The same work in the languages of wfc and of its peers: no-op shell steps in several shapes.

A step is the shell text `: x`: what is measured is the runner, not the work. It is no bare `:`, because make skips that one.
"""

import pathlib
import random
import sys

STEP = ": x"
LAYER = 100


def dependencies(shape, count):
    """For each step, the steps that it needs."""
    if shape == "chain":
        return [[step - 1] if step else [] for step in range(count)]
    if shape == "graph":
        chosen = random.Random(7)
        return [layer_before(step, chosen) for step in range(count)]
    return [[] for _ in range(count)]


def layer_before(step, chosen):
    """Three steps of the layer before, or none in the first."""
    start = step // LAYER * LAYER
    return sorted(chosen.sample(range(start - LAYER, start), 3)) if start else []


def workflow(lines):
    return "workflow main {\n" + "".join(f"  {line}\n" for line in lines) + "}\n"


def parallel(steps):
    """How many run at a time is said where they are run, as for the peers: `--jobs`."""
    return workflow(["parallel {", *(f"  {step}" for step in steps), "}"])


def wfc_body(count):
    """One body, in order."""
    return workflow([f'step s{step}: shell "{STEP}"' for step in range(count)])


def wfc_wide(count):
    """One `parallel`."""
    return parallel([f'step s{step}: shell "{STEP}"' for step in range(count)])


def wfc_linked(shape, count):
    """One `parallel` with `depends on`."""
    steps = []
    for step, needs in enumerate(dependencies(shape, count)):
        depends = f" depends on {', '.join(f's{need}' for need in needs)}" if needs else ""
        steps.append(f'step s{step}: shell "{STEP}"{depends}')
    return parallel(steps)


def wfc_values(count):
    """Every step uses the value of the one before, of the first and of a parameter."""
    steps = ['step s0: shell "echo ${name}" -> string { reads only }']
    steps += [f'step s{step}: shell "echo ${{s{step - 1}}} ${{s0}} ${{name}}" -> string {{ reads only }}' for step in range(1, count)]
    return workflow(['param name: string = "x"', *steps])


def wfc_tests(count):
    """So many tests of a small workflow that is rolled back."""
    steps = [f'step s{step}: shell "{STEP}" {{ timeout 1m, undo shell "{STEP}" {{ timeout 1m }} }}' for step in range(5)]
    tests = (
        f'test "{number}" {{\n  run main\n  mock s4 fails "no" after {number % 50 + 1}s\n  expect run.status == "rolled_back"\n'
        f"  expect s4.finished > {number % 50}s and s0.undone\n}}\n"
        for number in range(count)
    )
    return workflow([*steps, "on failure rollback"]) + "".join(tests)


def wfc_undone(count):
    """A chain of steps with undos, to be rehearsed."""
    steps = [f'step s{step}: shell "{STEP}" {{ timeout 1m, undo shell "{STEP}" {{ timeout 1m }} }}' for step in range(count)]
    return workflow([*steps, "on failure rollback"])


WFC = {
    "body": wfc_body,
    "wide": wfc_wide,
    "chain": lambda count: wfc_linked("chain", count),
    "graph": lambda count: wfc_linked("graph", count),
    "values": wfc_values,
    "tests": wfc_tests,
    "undone": wfc_undone,
}


def make(shape, count):
    names = " ".join(f"s{step}" for step in range(count))
    rules = (f"s{step}:{needed(needs)}\n\t@{STEP}\n" for step, needs in enumerate(dependencies(shape, count)))
    return f".PHONY: all {names}\nall: {names}\n" + "".join(rules)


def ninja(shape, count):
    names = " ".join(f"s{step}" for step in range(count))
    edges = (f"build s{step}: r{' |' if needs else ''}{needed(needs)}\n" for step, needs in enumerate(dependencies(shape, count)))
    return f"rule r\n  command = {STEP}\n  description = s\n" + "".join(edges) + f"build all: phony {names}\ndefault all\n"


def just(shape, count):
    recipes = (f"s{step}:{needed(needs)}\n    @{STEP}\n" for step, needs in enumerate(dependencies(shape, count)))
    return "all:" + needed(range(count)) + "\n" + "".join(recipes)


def task(shape, count):
    """go-task has a shell of its own inside; the others start one."""
    text = "version: '3'\nsilent: true\nrun: once\ntasks:\n  all:\n    deps: [" + ", ".join(f"s{step}" for step in range(count)) + "]\n"
    for step, needs in enumerate(dependencies(shape, count)):
        text += f"  s{step}:\n" + (f"    deps: [{', '.join(f's{need}' for need in needs)}]\n" if needs else "")
        text += f"    cmds:\n      - '/bin/sh -c \"{STEP}\"'\n"
    return text


def needed(needs):
    return "".join(f" s{need}" for need in needs)


def sprocket(shape, count):
    calls = (
        f"    call noop as s{step}" + "".join(f" after s{need}" for need in needs) + "\n"
        for step, needs in enumerate(dependencies(shape, count))
    )
    return f"version 1.2\n\ntask noop {{\n    command <<<\n        {STEP}\n    >>>\n}}\n\nworkflow main {{\n" + "".join(calls) + "}\n"


def doit(shape, count):
    return (
        f"DEPENDENCIES = {dependencies(shape, count)!r}\n"
        "def task_s():\n"
        "    for step, needs in enumerate(DEPENDENCIES):\n"
        f"        yield dict(name=str(step), actions=['{STEP}'], task_dep=[f's:{{need}}' for need in needs])\n"
    )


LOOP = 1_000_000


def wfc_loop(count):
    """A loop of no-op gates, each of which is journaled."""
    return workflow([f"for each i in 1..{count} parallel {{", "  step g: gate { check: i > 0 }", "}"])


def wfc_output(megabytes):
    """One step that writes so much."""
    return workflow([f'step say: shell "yes 0123456789012345678901234567890123456789 | head -c {megabytes}M" {{ reads only, timeout 5m }}'])


PEERS = {
    "make": ("Makefile", make),
    "ninja": ("build.ninja", ninja),
    "just": ("justfile", just),
    "task": ("Taskfile.yml", task),
    "doit": ("dodo.py", doit),
    "sprocket": ("main.wdl", sprocket),
}


def write(folder, sizes):
    """Writes `SHAPE-COUNT.wf` of every shape, `COUNT/FILE` of every peer, and `SHAPE-COUNT/FILE` of those that run all shapes."""
    (folder / f"loop-{LOOP}.wf").write_text(wfc_loop(LOOP))
    (folder / "output-100.wf").write_text(wfc_output(100))
    for count in sizes:
        for shape, text in WFC.items():
            (folder / f"{shape}-{count}.wf").write_text(text(count))
        (folder / str(count)).mkdir(exist_ok=True)
        for name, text in PEERS.values():
            (folder / str(count) / name).write_text(text("wide", count))
        for shape in ("wide", "chain", "graph"):
            (folder / f"{shape}-{count}").mkdir(exist_ok=True)
            for name, text in (PEERS["make"], PEERS["ninja"]):
                (folder / f"{shape}-{count}" / name).write_text(text(shape, count))


if __name__ == "__main__":
    write(pathlib.Path(sys.argv[1]), [int(size) for size in sys.argv[2:]])
