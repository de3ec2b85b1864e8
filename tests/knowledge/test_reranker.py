"""Any cross-encoder with one output, by its path."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from app.bootstrap import build_services, models
from app.errors import SettingsError
from app.knowledge.model_holder import ModelHolder
from app.knowledge.reranker import CrossEncoderReranker
from app.knowledge.retriever import Retriever
from app.settings import Settings
from tests.knowledge.world import WordEmbedder, open_world

if TYPE_CHECKING:
    from app.knowledge.ports import Embedder


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A tiny cross-encoder's folder."""
    from tests.knowledge.small_models import make_cross_encoder

    return make_cross_encoder(tmp_path_factory.mktemp("models") / "cross-encoder")


TEXTS = ["the boat is in the harbor", "every river", "a sensor report", "price of the hotel : 5 ."]


def test_scores_are_the_model_s_as_shares_of_one(path: str) -> None:
    from sentence_transformers import CrossEncoder
    from torch.nn import Sigmoid

    scores = CrossEncoderReranker(path).score("where is the boat ?", TEXTS)
    expected = CrossEncoder(path).predict(
        [("where is the boat ?", text) for text in TEXTS], activation_fn=Sigmoid()
    )
    assert scores == pytest.approx(np.asarray(expected).tolist(), abs=1e-5)
    assert all(0 < score < 1 for score in scores)
    assert len(set(scores)) == len(TEXTS)


def test_texts_of_any_length_and_number_are_scored(path: str) -> None:
    reranker = CrossEncoderReranker(path)
    assert len(reranker.score("boat", ["water " * 500, "🌊", ""])) == 3
    assert len(reranker.score("water " * 500, ["boat"])) == 1


def test_it_decides_the_order_of_a_search(path: str, tmp_path: Path) -> None:
    reranker = CrossEncoderReranker(path)
    world = open_world(tmp_path, reranker=reranker)
    world.add(*(world.read(text, f"{i}.md") for i, text in enumerate(TEXTS)))
    question = "price of every boat in the river"
    plain = Retriever(world.library, ModelHolder(WordEmbedder, "x")).search(question, 4).hits
    reranked = world.retriever.search(question, 4).hits
    scores = dict(zip(TEXTS, reranker.score(question, TEXTS), strict=True))
    order = sorted(TEXTS, key=lambda text: -scores[text])
    assert [hit.passage.text for hit in reranked] == order
    assert [hit.passage.text for hit in plain] != order
    assert [hit.rerank for hit in reranked] == pytest.approx([scores[t] for t in order], abs=1e-5)
    world.close()


def test_the_setting_names_it(
    path: str, settings: Settings, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "load_embedder", lambda _settings: embedder)
    services = build_services(settings.model_copy(update={"reranker_model": path}))
    assert services.readiness().state == "warming"
    services.warm_up()
    assert services.readiness().state == "ready"
    assert services.reranker is not None
    assert services.reranker.get().name == path
    services.close()


def test_a_wrong_setting_is_said_when_the_server_warms_up(
    settings: Settings, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "load_embedder", lambda _settings: embedder)
    wrong = settings.model_copy(update={"reranker_model": "/no/such/model"})
    services = build_services(wrong)
    services.warm_up()
    readiness = services.readiness()
    assert readiness.state == "failed"
    assert "The reranker “/no/such/model” can't be loaded" in readiness.message
    services.close()


def test_a_model_with_two_outputs_is_refused(tmp_path: Path) -> None:
    from tests.knowledge.small_models import make_cross_encoder

    classifier = make_cross_encoder(tmp_path / "classifier", outputs=2)
    with pytest.raises(SettingsError, match=r"has 2 outputs; one relevance score is needed"):
        CrossEncoderReranker(classifier)


def test_a_model_that_is_not_there_is_said_in_a_sentence(tmp_path: Path) -> None:
    for name in ("/no/such/model", "nobody/no-such-model", str(tmp_path)):
        with pytest.raises(SettingsError, match=r"can't be loaded: .+ FOOTNOTE_RERANKER_MODEL"):
            CrossEncoderReranker(name)
