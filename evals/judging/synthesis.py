"""Synthetic cases through Ragas' test-set generation, over passages of the index. Imports Ragas.

The model names the things that a passage is about, and then asks about one of them in one of four
ways of writing, or about one that two passages share. Whom a question is for is not left to the
model (Ragas asks it to match made-up persons with themes, which small models fail at): every person
may ask about everything. What a model fails at costs that passage or that question alone.
"""

from __future__ import annotations

import hashlib
import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ragas.run_config import RunConfig
from ragas.testset import TestsetGenerator
from ragas.testset.graph import KnowledgeGraph, Node, NodeType
from ragas.testset.persona import Persona
from ragas.testset.synthesizers.base import QueryStyle
from ragas.testset.synthesizers.multi_hop import MultiHopSpecificQuerySynthesizer
from ragas.testset.synthesizers.prompts import PersonaThemesMapping, ThemesPersonasMatchingPrompt
from ragas.testset.synthesizers.single_hop.specific import SingleHopSpecificQuerySynthesizer
from ragas.testset.transforms import apply_transforms
from ragas.testset.transforms.extractors import NERExtractor
from ragas.testset.transforms.relationship_builders import OverlapScoreBuilder
from ragas.tokenizers import BaseTokenizer

from app.knowledge.ports import Embedder
from evals.datasets.case import Phrasing
from evals.judging.cache import VerdictCache
from evals.judging.client import JudgeClient, Spent
from evals.judging.errors import JudgeAway, VerdictFailed, VerdictMissing
from evals.judging.material import Material
from evals.judging.model import EmbedderAdapter, RecordingModel
from evals.judging.options import JudgeOptions
from evals.judging.ragas_library import ragas_version

log = logging.getLogger(__name__)

PERSONAS = (
    ("New colleague", "Started this month, knows nobody's names for things, wants to do it right."),
    ("Specialist", "Has worked with these documents for years and asks for one exact detail."),
    ("Team lead", "Has to decide something today and asks what the rule is and who may change it."),
)
"""Who asks: the people that a team's documents are for."""
_PASSAGES_PER_CASE = 2
"""So that a passage in which the model finds nothing, or a question twice, costs no case."""
_TOGETHER = 0.3
"""Share of the questions that need two passages, where passages share something."""
_WRITTEN: dict[QueryStyle, Phrasing] = {
    QueryStyle.MISSPELLED: "typos",
    QueryStyle.PERFECT_GRAMMAR: "plain",
    QueryStyle.POOR_GRAMMAR: "non-native",
    QueryStyle.WEB_SEARCH_LIKE: "keywords",
}
"""Ragas' styles as the phrasings of cases. It has none for long questions."""


@dataclass(frozen=True, slots=True)
class Made:
    """What came of it. ``cases``: rows of a JSONL file of cases.

    ``failed``: questions that the model did not make; ``barren``: passages in which it found
    nothing to ask about. ``gone``: why it was asked no more.
    """

    cases: tuple[dict[str, Any], ...]
    failed: int
    barren: int
    spent: Spent
    gone: str


def passages_for(count: int) -> int:
    """How many passages to draw for ``count`` cases."""
    return count * _PASSAGES_PER_CASE


def synthesize(
    passages: Sequence[Material],
    count: int,
    options: JudgeOptions,
    embedder: Embedder,
    seed: int = 0,
) -> Made:
    """At least ``count`` cases from ``passages`` where the model manages; not inside a loop.

    Raises:
        JudgeAway: the model did not answer at all.
    """
    random.seed(seed)  # Ragas draws with the module's own generator
    client = JudgeClient(options, VerdictCache(None))
    model = _Forgiving(client)
    settings = RunConfig(max_workers=options.parallel, seed=seed)
    graph = KnowledgeGraph(nodes=[_node(one) for one in passages])
    naming = NERExtractor(llm=model, tokenizer=_Characters())
    apply_transforms(graph, [naming, OverlapScoreBuilder()], run_config=settings)
    graph.nodes = [node for node in graph.nodes if node.properties.get("entities")]
    barren = len(passages) - len(graph.nodes)
    if not graph.nodes:
        if client.gone or model.failed:
            raise JudgeAway(
                f"{options.name} found nothing to ask about"
                f"{f': {client.gone}' if client.gone else ''}.",
                "Check its address and key, or take a larger model.",
            )
        return Made((), 0, barren, client.spent, client.gone)
    model.failed = 0
    writer: Any = model  # Ragas' annotations lag behind what it takes
    embeddings: Any = EmbedderAdapter(embedder)
    generator = TestsetGenerator(
        llm=writer,
        embedding_model=embeddings,
        knowledge_graph=graph,
        persona_list=[Persona(name=name, role_description=role) for name, role in PERSONAS],
    )
    executor: Any = generator.generate(
        testset_size=count,
        query_distribution=_kinds(model, graph),
        num_personas=len(PERSONAS),
        run_config=settings,
        raise_exceptions=False,
        return_executor=True,
    )
    scenarios = [kwargs["scenario"] for _, _, kwargs, _ in executor.jobs]
    by_id = {one.id: one for one in passages}
    samples = executor.results()  # NaN for what failed, in the order of the scenarios
    cases = [
        made
        for scenario, sample in zip(scenarios, samples, strict=True)
        if (made := _case(scenario, sample, by_id, options.name)) is not None
    ]
    failed = len(scenarios) - len(cases)
    cases.sort(key=lambda case: "also" not in case)  # the rarer ones first: what is too many goes
    return Made(tuple(cases), failed, barren, client.spent, client.gone)


def _kinds(model: RecordingModel, graph: KnowledgeGraph) -> list[tuple[Any, float]]:
    everyone = _EverybodyAsks()
    single = SingleHopSpecificQuerySynthesizer(llm=model)
    single.theme_persona_matching_prompt = everyone
    together = MultiHopSpecificQuerySynthesizer(llm=model)
    together.theme_persona_matching_prompt = everyone
    if not together.get_node_clusters(graph):
        return [(single, 1.0)]
    return [(single, 1 - _TOGETHER), (together, _TOGETHER)]


def _case(
    scenario: Any, sample: Any, passages: dict[str, Material], model: str
) -> dict[str, Any] | None:
    question = " ".join(str(getattr(sample, "user_input", "") or "").split())
    reference = " ".join(str(getattr(sample, "reference", "") or "").split())
    gold = [passages[node.properties["passage_id"]] for node in scenario.nodes]
    if not question or not reference or not gold:
        return None
    told = f"{question}\n{gold[0].id}"
    case: dict[str, Any] = {
        "id": f"synthetic-{hashlib.sha256(told.encode()).hexdigest()[:10]}",
        "question": question,
        "answerable": True,
        "state": "answered",
        "document": gold[0].document,
        "passage": gold[0].text,
        "reference": reference,
        "why": f"Made by a model as: {scenario.style.value.lower()}.",
        "tags": [
            "synthetic",
            "single-fact" if len(gold) == 1 else "multi-passage",
            _WRITTEN[scenario.style],
        ],
        "made": f"ragas {ragas_version()} with {model}",
        "reviewed": "",
    }
    if len(gold) > 1:
        case["also"] = [{"document": one.document, "passage": one.text} for one in gold[1:]]
    return case


def _node(one: Material) -> Node:
    return Node(type=NodeType.CHUNK, properties={"page_content": one.shown, "passage_id": one.id})


class _Forgiving(RecordingModel):
    """A passage in which the model fails to name things has none; Ragas would end the whole run."""

    def __init__(self, client: JudgeClient) -> None:
        super().__init__(client, "synthesis")
        self.failed = 0

    async def agenerate(self, prompt: str, response_model: type[Any]) -> Any:
        """An instance of ``response_model``. Raises where there is no empty one."""
        try:
            return await super().agenerate(prompt, response_model)
        except (VerdictFailed, VerdictMissing) as error:
            self.failed += 1
            log.debug("%s was not made: %s", response_model.__name__, error)
            if set(response_model.model_fields) == {"entities"}:
                return response_model(entities=[])
            raise


class _EverybodyAsks(ThemesPersonasMatchingPrompt):
    """Every person with every theme, without asking a model."""

    async def generate(self, llm: Any, data: Any, *_: Any, **__: Any) -> Any:  # noqa: ARG002
        """The mapping."""
        return PersonaThemesMapping(mapping={who.name: data.themes for who in data.personas})


class _Characters(BaseTokenizer):
    """Ragas only cuts texts longer than 32,000 tokens; its own tokenizer is fetched from afar."""

    def encode(self, text: str) -> list[int]:
        """One number for each character."""
        return [ord(character) for character in text]

    def decode(self, tokens: list[int]) -> str:
        """The text."""
        return "".join(map(chr, tokens))
