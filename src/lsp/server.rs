//! The protocol: what comes in goes to the queue before anything is waited for, what goes out is what a feature said.

use crate::World;
use crate::features::{
    code_action, code_lens, completion, definition, diagnostics, document_link, folding, formatting, highlight, hover,
    inlay_hint, references, rename, selection, semantic_tokens, signature, symbols,
};
use crate::session::{self, Abilities, Listener, Message, Session, Settings};
use crate::snapshot::Snapshot;
use crate::types::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tower_lsp_server::jsonrpc::{Error, ErrorCode, Result};
use tower_lsp_server::{Client, LanguageServer, LspService};

/// So many requests may wait for their turn; more of the client's messages are not read meanwhile.
const MOST_WAITING: usize = 1024;

/// The protocol's number for a request that cannot be done.
const REQUEST_FAILED: i64 = -32803;

/// The stack of the thread that compiles, as large as a program's first.
const STACK: usize = 8 << 20;

/// Talks to one client until it is gone; whether it said before that it would end.
pub async fn serve(world: World, input: impl AsyncRead + Unpin, output: impl AsyncWrite) -> bool {
    let ended = Arc::new(AtomicBool::new(false));
    let (service, socket) = LspService::new(|client| Server::new(client, world, ended.clone()));
    tower_lsp_server::Server::new(input, output, socket).concurrency_level(MOST_WAITING).serve(service).await;
    ended.load(Ordering::Relaxed)
}

/// The client's end of the queue.
struct Server {
    client: Client,
    queue: Sender<Message>,
    /// Whether the client said that it will end.
    ended: Arc<AtomicBool>,
}

/// Sends what the session says of itself.
struct Outgoing {
    client: Client,
    runtime: Handle,
}

impl Listener for Outgoing {
    fn diagnostics(&self, uri: Uri, version: Option<i32>, diagnostics: Vec<Diagnostic>) {
        self.runtime.block_on(self.client.publish_diagnostics(uri, diagnostics, version));
    }

    fn refresh(&self) {
        let client = self.client.clone();
        // The answer says nothing; a client that cannot do it just does not ask again.
        self.runtime.spawn(async move { drop(client.workspace_diagnostic_refresh().await) });
    }
}

impl Server {
    fn new(client: Client, world: World, ended: Arc<AtomicBool>) -> Self {
        let (queue, messages) = channel();
        let listener = Outgoing { client: client.clone(), runtime: Handle::current() };
        let started = thread::Builder::new().name("session".to_owned()).stack_size(STACK).spawn(move || {
            session::serve(Session::new(world, Box::new(listener)), &messages);
        });
        // Without the thread the queue has no end, and every request is told so.
        drop(started);
        Self { client, queue, ended }
    }

    /// Takes a message down in its place; must be called before anything is waited for.
    fn say(&self, message: Message) {
        // A session that is gone has been told about by the request that it failed in.
        drop(self.queue.send(message));
    }

    /// Asks in the place where the request stands.
    async fn ask<T: Send + 'static>(
        &self,
        about: Option<Uri>,
        question: impl FnOnce(&mut Session) -> T + Send + 'static,
    ) -> Result<T> {
        let (sender, receiver) = oneshot::channel();
        let answer = move |session: Option<&mut Session>| {
            // Nobody listens any more to a request that was cancelled.
            if !sender.is_closed() {
                drop(sender.send(session.map(question)));
            }
        };
        self.say(Message::Ask { about, answer: Box::new(answer) });
        match receiver.await {
            Ok(Some(answer)) => Ok(answer),
            Ok(None) => Err(Error::new(ErrorCode::ContentModified)),
            Err(_) => Err(Error::internal_error()),
        }
    }

    /// Asks about one document.
    async fn about<T: Send + 'static>(
        &self,
        uri: Uri,
        feature: impl FnOnce(&Snapshot) -> T + Send + 'static,
    ) -> Result<Option<T>> {
        self.ask(Some(uri.clone()), move |session| session.snapshot(&uri).map(|snapshot| feature(&snapshot))).await
    }

    /// Asks the client to tell when files change that are not open.
    async fn watch(&self) {
        let watcher = FileSystemWatcher { glob_pattern: GlobPattern::String("**/*.wf".to_owned()), kind: None };
        let options = DidChangeWatchedFilesRegistrationOptions { watchers: vec![watcher] };
        let registration = Registration {
            id: "files".to_owned(),
            method: "workspace/didChangeWatchedFiles".to_owned(),
            register_options: serde_json::to_value(options).ok(),
        };
        // A client that refuses leaves things as they are.
        drop(self.client.register_capability(vec![registration]).await);
    }
}

/// What the server can do.
fn abilities(client: Abilities) -> ServerCapabilities {
    let diagnostics = DiagnosticOptions {
        identifier: None,
        inter_file_dependencies: true,
        workspace_diagnostics: true,
        work_done_progress_options: WorkDoneProgressOptions::default(),
    };
    let actions = CodeActionOptions { code_action_kinds: Some(vec![CodeActionKind::QUICKFIX]), ..CodeActionOptions::default() };
    let tokens = SemanticTokensOptions {
        legend: semantic_tokens::legend(),
        range: Some(true),
        full: Some(SemanticTokensFullOptions::Bool(true)),
        ..SemanticTokensOptions::default()
    };
    let links = DocumentLinkOptions { resolve_provider: None, work_done_progress_options: WorkDoneProgressOptions::default() };
    let folders = WorkspaceFoldersServerCapabilities { supported: Some(true), change_notifications: Some(OneOf::Left(true)) };
    let rename = RenameOptions { prepare_provider: Some(true), work_done_progress_options: WorkDoneProgressOptions::default() };
    let letters = |letters: &[&str]| Some(letters.iter().map(|letter| (*letter).to_owned()).collect());
    let completion = CompletionOptions { trigger_characters: letters(&[".", "{"]), ..CompletionOptions::default() };
    let signature = SignatureHelpOptions { trigger_characters: letters(&["(", ","]), ..SignatureHelpOptions::default() };
    let sync = TextDocumentSyncOptions {
        open_close: Some(true),
        change: Some(TextDocumentSyncKind::INCREMENTAL),
        ..TextDocumentSyncOptions::default()
    };
    ServerCapabilities {
        position_encoding: Some(client.encoding.name()),
        text_document_sync: Some(TextDocumentSyncCapability::Options(sync)),
        diagnostic_provider: Some(DiagnosticServerCapabilities::Options(diagnostics)),
        code_action_provider: Some(CodeActionProviderCapability::Options(actions)),
        semantic_tokens_provider: Some(tokens.into()),
        inlay_hint_provider: Some(OneOf::Left(true)),
        code_lens_provider: Some(CodeLensOptions { resolve_provider: None }),
        document_link_provider: Some(links),
        completion_provider: Some(completion),
        signature_help_provider: Some(signature),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        definition_provider: Some(OneOf::Left(true)),
        references_provider: Some(OneOf::Left(true)),
        document_highlight_provider: Some(OneOf::Left(true)),
        document_symbol_provider: Some(OneOf::Left(true)),
        workspace_symbol_provider: Some(OneOf::Left(true)),
        rename_provider: Some(OneOf::Right(rename)),
        folding_range_provider: Some(FoldingRangeProviderCapability::Simple(true)),
        selection_range_provider: Some(SelectionRangeProviderCapability::Simple(true)),
        document_formatting_provider: Some(OneOf::Left(true)),
        document_range_formatting_provider: Some(OneOf::Left(true)),
        workspace: Some(WorkspaceServerCapabilities { workspace_folders: Some(folders), file_operations: None }),
        ..ServerCapabilities::default()
    }
}

impl LanguageServer for Server {
    async fn initialize(&self, params: InitializeParams) -> Result<InitializeResult> {
        let client = Abilities::of(&params.capabilities);
        #[expect(deprecated, reason = "what clients of earlier versions send")]
        let root = params.root_uri;
        let named = params.workspace_folders.map(|folders| folders.into_iter().map(|folder| folder.uri).collect());
        let folders = named.unwrap_or_else(|| root.into_iter().collect());
        let settings = params.initialization_options.as_ref().and_then(Settings::of);
        self.say(Message::Initialize { abilities: client, folders, settings });
        let version = Some(env!("CARGO_PKG_VERSION").to_owned());
        Ok(InitializeResult {
            capabilities: abilities(client),
            server_info: Some(ServerInfo { name: "wfc".to_owned(), version }),
            offset_encoding: None,
        })
    }

    async fn initialized(&self, _: InitializedParams) {
        if self.ask(None, |session| session.abilities.watches).await == Ok(true) {
            self.watch().await;
        }
    }

    async fn shutdown(&self) -> Result<()> {
        self.ended.store(true, Ordering::Relaxed);
        Ok(())
    }

    async fn did_open(&self, params: DidOpenTextDocumentParams) {
        let TextDocumentItem { uri, version, text, .. } = params.text_document;
        self.say(Message::Open { uri, version, text });
    }

    async fn did_change(&self, params: DidChangeTextDocumentParams) {
        let VersionedTextDocumentIdentifier { uri, version } = params.text_document;
        self.say(Message::Change { uri, version, changes: params.content_changes });
    }

    async fn did_close(&self, params: DidCloseTextDocumentParams) {
        self.say(Message::Close(params.text_document.uri));
    }

    async fn did_save(&self, _: DidSaveTextDocumentParams) {}

    async fn did_change_watched_files(&self, params: DidChangeWatchedFilesParams) {
        self.say(Message::FilesChanged(params.changes.into_iter().map(|change| change.uri).collect()));
    }

    async fn did_change_configuration(&self, params: DidChangeConfigurationParams) {
        if let Some(settings) = Settings::of(&params.settings) {
            self.say(Message::Configure(settings));
        }
    }

    async fn did_change_workspace_folders(&self, params: DidChangeWorkspaceFoldersParams) {
        let uris = |folders: Vec<WorkspaceFolder>| folders.into_iter().map(|folder| folder.uri).collect();
        self.say(Message::Folders { added: uris(params.event.added), removed: uris(params.event.removed) });
    }

    async fn diagnostic(&self, params: DocumentDiagnosticParams) -> Result<DocumentDiagnosticReportResult> {
        let items = self.about(params.text_document.uri, diagnostics::of).await?.unwrap_or_default();
        let id = diagnostics::result_id(&items);
        let report = if params.previous_result_id.as_ref() == Some(&id) {
            let unchanged = UnchangedDocumentDiagnosticReport { result_id: id };
            let unchanged_document_diagnostic_report = unchanged;
            RelatedUnchangedDocumentDiagnosticReport { related_documents: None, unchanged_document_diagnostic_report }.into()
        } else {
            let full_document_diagnostic_report = FullDocumentDiagnosticReport { result_id: Some(id), items };
            RelatedFullDocumentDiagnosticReport { related_documents: None, full_document_diagnostic_report }.into()
        };
        Ok(DocumentDiagnosticReportResult::Report(report))
    }

    async fn workspace_diagnostic(&self, params: WorkspaceDiagnosticParams) -> Result<WorkspaceDiagnosticReportResult> {
        let known = params.previous_result_ids;
        let items = self.ask(None, move |session| {
            let snapshots = session.everywhere();
            snapshots.iter().map(|snapshot| diagnostics::workspace(snapshot, &known)).collect()
        });
        Ok(WorkspaceDiagnosticReportResult::Report(WorkspaceDiagnosticReport { items: items.await? }))
    }

    async fn code_action(&self, params: CodeActionParams) -> Result<Option<CodeActionResponse>> {
        let range = params.range;
        self.about(params.text_document.uri, move |snapshot| code_action::quick_fixes(snapshot, range)).await
    }

    async fn formatting(&self, params: DocumentFormattingParams) -> Result<Option<Vec<TextEdit>>> {
        Ok(self.about(params.text_document.uri, formatting::document).await?.flatten())
    }

    async fn range_formatting(&self, params: DocumentRangeFormattingParams) -> Result<Option<Vec<TextEdit>>> {
        let range = params.range;
        Ok(self.about(params.text_document.uri, move |snapshot| formatting::range(snapshot, range)).await?.flatten())
    }

    async fn hover(&self, params: HoverParams) -> Result<Option<Hover>> {
        let TextDocumentPositionParams { text_document, position } = params.text_document_position_params;
        let uri = text_document.uri;
        let about = Some(uri.clone());
        self.ask(about, move |session| {
            let markdown = session.abilities.markdown;
            hover::at(&*session.snapshot(&uri)?, position, markdown)
        })
        .await
    }

    async fn goto_definition(&self, params: GotoDefinitionParams) -> Result<Option<GotoDefinitionResponse>> {
        let TextDocumentPositionParams { text_document, position } = params.text_document_position_params;
        let found = self.about(text_document.uri, move |snapshot| definition::at(snapshot, position)).await?;
        Ok(found.flatten().map(GotoDefinitionResponse::Scalar))
    }

    async fn references(&self, params: ReferenceParams) -> Result<Option<Vec<Location>>> {
        let TextDocumentPositionParams { text_document, position } = params.text_document_position;
        let (uri, declarations) = (text_document.uri, params.context.include_declaration);
        self.ask(Some(uri.clone()), move |session| {
            let everywhere = session.everywhere();
            references::at(&*session.snapshot(&uri)?, &everywhere, position, declarations)
        })
        .await
    }

    async fn document_highlight(&self, params: DocumentHighlightParams) -> Result<Option<Vec<DocumentHighlight>>> {
        let TextDocumentPositionParams { text_document, position } = params.text_document_position_params;
        Ok(self.about(text_document.uri, move |snapshot| highlight::at(snapshot, position)).await?.flatten())
    }

    async fn document_symbol(&self, params: DocumentSymbolParams) -> Result<Option<DocumentSymbolResponse>> {
        let symbols = self.about(params.text_document.uri, symbols::document).await?;
        Ok(symbols.map(DocumentSymbolResponse::Nested))
    }

    async fn symbol(&self, params: WorkspaceSymbolParams) -> Result<Option<WorkspaceSymbolResponse>> {
        let symbols = self.ask(None, move |session| symbols::workspace(&session.everywhere(), &params.query)).await?;
        Ok(Some(WorkspaceSymbolResponse::Nested(symbols)))
    }

    async fn prepare_rename(&self, params: TextDocumentPositionParams) -> Result<Option<PrepareRenameResponse>> {
        let position = params.position;
        Ok(self.about(params.text_document.uri, move |snapshot| rename::prepare(snapshot, position)).await?.flatten())
    }

    async fn rename(&self, params: RenameParams) -> Result<Option<WorkspaceEdit>> {
        let TextDocumentPositionParams { text_document, position } = params.text_document_position;
        let uri = text_document.uri;
        let changes = self.ask(Some(uri.clone()), move |session| {
            let everywhere = session.everywhere();
            let Some(snapshot) = session.snapshot(&uri) else { return Ok(Vec::new()) };
            let changes = rename::changes(&snapshot, &everywhere, position, &params.new_name)?;
            match session.objection(&everywhere, &changes) {
                Some(objection) => Err(format!("With this name something would be wrong: {objection}.")),
                None => Ok(changes),
            }
        });
        match changes.await? {
            Ok(changes) => Ok(Some(WorkspaceEdit { changes: Some(changes.into_iter().collect()), ..WorkspaceEdit::default() })),
            Err(reason) => Err(Error { code: ErrorCode::ServerError(REQUEST_FAILED), message: reason.into(), data: None }),
        }
    }

    async fn folding_range(&self, params: FoldingRangeParams) -> Result<Option<Vec<FoldingRange>>> {
        self.about(params.text_document.uri, folding::document).await
    }

    async fn selection_range(&self, params: SelectionRangeParams) -> Result<Option<Vec<SelectionRange>>> {
        let positions = params.positions;
        self.about(params.text_document.uri, move |snapshot| selection::at(snapshot, &positions)).await
    }

    async fn completion(&self, params: CompletionParams) -> Result<Option<CompletionResponse>> {
        let TextDocumentPositionParams { text_document, position } = params.text_document_position;
        let uri = text_document.uri;
        let items = self.ask(Some(uri.clone()), move |session| {
            let snapshot = session.snapshot(&uri)?;
            let probe = completion::probe(snapshot.text(), snapshot.offset(position));
            let replaced = snapshot.range_of(probe.typed.clone());
            let snippets = session.abilities.snippets;
            Some(completion::items(&session.probed(&uri, &probe)?, &probe, replaced, snippets))
        });
        Ok(items.await?.map(CompletionResponse::Array))
    }

    async fn signature_help(&self, params: SignatureHelpParams) -> Result<Option<SignatureHelp>> {
        let TextDocumentPositionParams { text_document, position } = params.text_document_position_params;
        let uri = text_document.uri;
        self.ask(Some(uri.clone()), move |session| {
            let snapshot = session.snapshot(&uri)?;
            let call = signature::call(&snapshot, snapshot.offset(position))?;
            signature::help(session.probed(&uri, &call.probe)?.analysis.offer.as_ref(), &call)
        })
        .await
    }

    async fn semantic_tokens_full(&self, params: SemanticTokensParams) -> Result<Option<SemanticTokensResult>> {
        let data = self.about(params.text_document.uri, |snapshot| semantic_tokens::document(snapshot, None)).await?;
        Ok(data.map(|data| SemanticTokensResult::Tokens(SemanticTokens { result_id: None, data })))
    }

    async fn semantic_tokens_range(&self, params: SemanticTokensRangeParams) -> Result<Option<SemanticTokensRangeResult>> {
        let range = Some(params.range);
        let data = self.about(params.text_document.uri, move |snapshot| semantic_tokens::document(snapshot, range)).await?;
        Ok(data.map(|data| SemanticTokensRangeResult::Tokens(SemanticTokens { result_id: None, data })))
    }

    async fn inlay_hint(&self, params: InlayHintParams) -> Result<Option<Vec<InlayHint>>> {
        let (uri, range) = (params.text_document.uri, params.range);
        self.ask(Some(uri.clone()), move |session| {
            let wanted = session.settings.hints;
            session.snapshot(&uri).filter(|_| wanted).map(|snapshot| inlay_hint::types(&snapshot, range))
        })
        .await
    }

    async fn code_lens(&self, params: CodeLensParams) -> Result<Option<Vec<CodeLens>>> {
        let uri = params.text_document.uri;
        self.ask(Some(uri.clone()), move |session| {
            let wanted = session.settings.lenses;
            session.snapshot(&uri).filter(|_| wanted).map(|snapshot| code_lens::document(&snapshot))
        })
        .await
    }

    async fn document_link(&self, params: DocumentLinkParams) -> Result<Option<Vec<DocumentLink>>> {
        self.about(params.text_document.uri, document_link::document).await
    }
}
