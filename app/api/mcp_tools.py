"""The MCP tools: search, fetch and ask. Imports the `mcp` package; `mcp_server` does so late.

`search` and `fetch` have the shape that ChatGPT's connectors and deep research look for (results
with id, title and url; a document with id, title, text, url and metadata), and more beside it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from functools import wraps
from typing import Annotated, Any, Literal, ParamSpec, TypeVar

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp_types import ToolAnnotations
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from app.access import ANYBODY, EVERYTHING, NOBODY, Reach, working_for
from app.api.dependencies import own_visit
from app.api.schemas import CONVERSATION_ID, AnswerOut, SearchResult
from app.api.wording import state_sentences
from app.bootstrap import Services
from app.domain import Filters, Question
from app.errors import BadRequest, FootnoteError
from app.requests import document_path, is_private, known_collections, recorded_search
from app.settings import Settings

INSTRUCTIONS = (
    "Footnote knows this team's documents. Use `ask` for a question: it answers with sentences "
    "quoted from the documents, each with an exact citation, and says `not_found` when the "
    "documents don't answer it; then don't answer from elsewhere without saying so. Tell readers "
    "what `says` has: that sources disagree, are out of date, or leave a part open. Use `search` "
    "for passages and `fetch` to read a document."
)
FETCH_CHARACTERS = 50_000
_READ_ONLY = ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)
_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


class McpResult(SearchResult):
    """A passage; ``id`` is the document's, for `fetch`."""

    id: str
    url: str


class McpResults(BaseModel):
    """Passages, best first."""

    results: list[McpResult]


class McpAnswer(AnswerOut):
    """An answer; ``says`` is what the reader has to be told beside its text, in sentences."""

    says: list[str]


class McpDocument(BaseModel):
    """A document's text from ``start`` on; ``next_start`` is null at the end."""

    id: str
    title: str
    text: str
    url: str
    start: int
    next_start: int | None
    metadata: dict[str, Any]


def build_manager(services: Services, version: str) -> StreamableHTTPSessionManager:
    """The MCP server over streamable HTTP, without sessions: every request stands alone."""
    server: MCPServer[Any] = MCPServer(
        "footnote",
        title="Footnote",
        description="Ask your team's documents.",
        instructions=INSTRUCTIONS,
        version=version,
        subscriptions=False,
        log_level="WARNING",
    )
    _add_tools(server, services)
    server.streamable_http_app(
        stateless_http=True,
        json_response=True,
        transport_security=transport_security(services.settings),
    )
    return server.session_manager


def transport_security(settings: Settings) -> TransportSecuritySettings:
    """Only these hosts and origins, so that a web page can't reach the server by DNS rebinding."""
    named = [host.strip() for host in settings.allowed_hosts.split(",") if host.strip()]
    hosts = dict.fromkeys(["127.0.0.1", "localhost", "[::1]", settings.host, *named])
    every = [form for host in hosts for form in (host, f"{host}:*")]
    return TransportSecuritySettings(
        enable_dns_rebinding_protection=True,
        allowed_hosts=every,
        allowed_origins=[f"{scheme}://{host}" for scheme in ("http", "https") for host in every],
    )


def _add_tools(server: MCPServer[Any], services: Services) -> None:
    settings = services.settings

    @server.tool(title="Search the documents", annotations=_READ_ONLY)
    @_explained
    async def search(
        query: Annotated[str, Field(description="Words or a question.")],
        ctx: Context[Any, Any],
        k: Annotated[int, Field(ge=1, le=50, description="Passages at most.")] = 10,
        collections: Annotated[
            list[str] | None, Field(description="Look only in these; leave out for all.")
        ] = None,
    ) -> McpResults:
        """Find the passages that fit best, best first, each with its document and exact place."""
        text = query.strip()
        if not text or len(text) > settings.max_question_chars:
            raise BadRequest(
                "The query can't be used.",
                f"Give between 1 and {settings.max_question_chars:,} characters.",
            )

        def find() -> McpResults:
            filters = Filters(collections=known_collections(services, collections or ()))
            found, _ = recorded_search(
                services,
                text,
                k,
                filters,
                channel="mcp",
                session=own_visit(),
                private=_is_private(ctx),
            )
            return McpResults(
                results=[
                    McpResult(
                        **SearchResult.of(hit).model_dump(),
                        id=hit.document.id,
                        url=_url(ctx, hit.document.id, hit.passage.start, hit.passage.end),
                    )
                    for hit in found.hits
                ]
            )

        return await run_in_threadpool(find)

    @server.tool(title="Read a document", annotations=_READ_ONLY)
    @_explained
    async def fetch(
        id: Annotated[str, Field(description="A document id from search or ask.")],  # noqa: A002  # the connectors' name
        ctx: Context[Any, Any],
        start: Annotated[int, Field(ge=0, description="Character to begin at.")] = 0,
        max_characters: Annotated[
            int, Field(ge=1, le=500_000, description="Characters at most.")
        ] = FETCH_CHARACTERS,
    ) -> McpDocument:
        """Read a document's extracted text; offsets of citations point into it."""

        def read() -> McpDocument:
            document = services.documents.get(id)
            text, _ = services.documents.text(id)
            end = min(start + max_characters, len(text))
            return McpDocument(
                id=id,
                title=document.title,
                text=text[start:end],
                url=_url(ctx, id),
                start=start,
                next_start=end if end < len(text) else None,
                metadata={
                    "source": document.source,
                    "collection": document.collection,
                    "kind": document.kind,
                    "characters": document.characters,
                    "updated_at": document.modified_at and document.modified_at.isoformat(),
                },
            )

        return await run_in_threadpool(read)

    @server.tool(title="Ask the documents", annotations=_READ_ONLY)
    @_explained
    async def ask(
        question: Annotated[str, Field(description="The question, in plain words.")],
        ctx: Context[Any, Any],
        mode: Annotated[
            Literal["auto", "quotes", "written"],
            Field(description="`quotes` is word for word; `written` needs a chat model."),
        ] = "auto",
        collections: Annotated[
            list[str] | None, Field(description="Look only in these; leave out for all.")
        ] = None,
        conversation_id: Annotated[
            str | None,
            Field(
                max_length=40,
                pattern=CONVERSATION_ID,
                description="From an earlier answer, to ask a follow-up.",
            ),
        ] = None,
        more_sources: Annotated[
            bool, Field(description="Read and quote about twice as much.")
        ] = False,
    ) -> McpAnswer:
        """Answer from the documents with exact citations, or say that they don't answer it.

        `state` is `answered`, `partial` (see `uncovered`), `conflicting` (see `conflicts`),
        `outdated` (see `stale`) or `not_found` (see `rephrasings`); `says` puts it in sentences.
        """
        names = await run_in_threadpool(known_collections, services, collections or ())
        answer = await services.asker.answer(
            Question(
                text=question,
                mode=mode,
                filters=Filters(collections=names),
                conversation_id=conversation_id or None,
                more_sources=more_sources,
                suggest="tries",
                channel="mcp",
                private=_is_private(ctx),
            ),
            own_visit(),
        )
        says = state_sentences(answer)
        return McpAnswer(**AnswerOut.of(answer).model_dump(), says=says)


def _explained(
    tool: Callable[_Arguments, Awaitable[_Result]],
) -> Callable[_Arguments, Awaitable[_Result]]:
    """Errors that a person may see reach the client in their own words.

    What a tool does is done for whoever sent the request that calls it: the protocol's own tasks
    may have been started by somebody else's, or by nobody's.
    """

    @wraps(tool)
    async def run(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
        try:
            with _for_sender(kwargs.get("ctx")):
                return await tool(*args, **kwargs)
        except FootnoteError as error:
            raise ToolError(error.message) from error

    return run


def _for_sender(ctx: object) -> AbstractContextManager[None]:
    request = ctx.request_context.request if isinstance(ctx, Context) else None
    if not isinstance(request, Request):
        return working_for(NOBODY, Reach.nothing())
    # Without accounts the entrance sets neither.
    who = getattr(request.state, "principal", ANYBODY)
    return working_for(who, getattr(request.state, "reach", EVERYTHING))


def _is_private(ctx: Context[Any, Any]) -> bool:
    request = ctx.request_context.request
    return isinstance(request, Request) and is_private(request)


def _url(ctx: Context[Any, Any], document_id: str, start: int = 0, end: int = 0) -> str:
    """The viewer's address, at the passage, on the host that the client used."""
    request = ctx.request_context.request
    base = str(request.base_url).rstrip("/") if isinstance(request, Request) else ""
    return base + document_path(document_id, start, end)
