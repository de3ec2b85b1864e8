"""A mean-pooled BERT runs without sentence-transformers, and gives the same vectors."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from app.domain import Span
from app.knowledge.embedder import TransformerEmbedder
from app.knowledge.encoding.averaging import Averaging
from app.knowledge.encoding.bundled import bundled_path
from app.knowledge.encoding.folder import recognize
from app.knowledge.ports import Embedder
from tests.knowledge.small_models import WINDOW, make_embedder

ODD_TEXTS = [
    *("", " ", "\n\n", ".", "a" * 300, "water " * 700, "…—“”’", "\x00\x07 bell", "\ufeffmark"),
    *(
        "日本語のテキストです。",
        "Привет, мир",
        "שלום עולם",
        "مرحبا",
        "e\u0301 and é",
        "👩‍👩‍👧 🌊",
        "\ud7ff\ufffd",
    ),
    *("e\u0301 and é", "[CLS] [SEP] [MASK] [PAD]", "##ing", "İstanbul ß ﬁ", "1,234.56 € / 50 %"),
    "x\u200by\u00adz",
    *(f"sensor {i} in the harbor reports {'many boats ' * (i % 40)}" for i in range(60)),
]
Change = Callable[[Path], None]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(make_embedder(tmp_path_factory.mktemp("plain") / "mean", "mean"))


def test_vectors_of_odd_and_many_texts_are_those_of_sentence_transformers(
    embedder: Embedder,
) -> None:
    from sentence_transformers import SentenceTransformer

    expected = SentenceTransformer(str(bundled_path())).encode(ODD_TEXTS, normalize_embeddings=True)
    given = np.stack([e.vector for e in embedder.encode_passages(ODD_TEXTS, [[]] * len(ODD_TEXTS))])
    assert np.abs(given - expected).max() < 1e-5
    alone = np.stack([embedder.encode_query(text) for text in ODD_TEXTS])
    assert np.abs(alone - expected).max() < 1e-5


def test_many_passages_get_the_vectors_that_each_gets_alone(embedder: Embedder) -> None:
    texts = [f"{'the harbor office counts boats ' * (5 + i % 30)}number {i}" for i in range(50)]
    spans: list[list[Span]] = [[(0, 10), (11, len(text))] for text in texts]
    for text, own, together in zip(
        texts, spans, embedder.encode_passages(texts, spans), strict=True
    ):
        [alone] = embedder.encode_passages([text], [own])
        assert np.abs(alone.vector - together.vector).max() < 1e-5
        assert np.abs(alone.sentences - together.sentences).max() < 1e-5


def test_encoding_leaves_torch_the_threads_it_had(embedder: Embedder) -> None:
    before = torch.get_num_threads()
    texts = ["the boats of the harbor are checked " * 20] * 20
    embedder.encode_passages(texts, [[]] * len(texts))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(embedder.encode_query, ODD_TEXTS[-8:]))
    assert torch.get_num_threads() == before


def test_a_text_is_shared_among_cores_only_while_one_thread_asks(embedder: Embedder) -> None:
    assert isinstance(embedder, TransformerEmbedder)
    used: list[int] = []

    class Counting:
        def states(self, ids: Sequence[Sequence[int]]) -> list[NDArray[np.float32]]:
            used.append(torch.get_num_threads())
            return [np.ones((len(one), 4), dtype=np.float32) for one in ids]

    cores = torch.get_num_threads() + 1  # told apart from one on every machine
    averaging = Averaging(Counting(), embedder._cut, threads=1, query_threads=cores)
    averaging.encode_query("boats")
    averaging.encode_query("boats")
    with ThreadPoolExecutor(1) as pool:
        pool.submit(averaging.encode_query, "boats").result()
    averaging.encode_query("boats")
    assert used == [cores, cores, 1, 1]


def test_the_bundled_model_is_used_without_importing_sentence_transformers() -> None:
    code = (
        "import sys\nfrom app.knowledge.embedder import TransformerEmbedder\n"
        "made = TransformerEmbedder('bundled', precision='float32')\nmade.encode_query('water')\n"
        "print(made.count_tokens(['water']), "
        "[n for n in ('sentence_transformers', 'transformers') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[1] []"


def test_the_bundled_and_a_saved_model_are_recognized(plain: Path) -> None:
    bundled = recognize(bundled_path())
    assert bundled is not None
    assert (bundled.window, bundled.dimension, bundled.layers) == (256, 384, 6)
    found = recognize(plain)
    assert found is not None
    assert (found.window, found.dimension, found.heads) == (WINDOW, 32, 2)


def _edited(name: str, **values: Any) -> Change:
    def change(folder: Path) -> None:
        file = folder / name
        file.write_text(json.dumps(json.loads(file.read_text()) | values))

    return change


@pytest.mark.parametrize(
    "change",
    [
        _edited("config.json", model_type="roberta"),
        _edited("config.json", hidden_act="relu"),
        _edited("config.json", position_embedding_type="relative_key"),
        _edited("config.json", is_decoder=True),
        _edited("config.json", num_hidden_layers=3),
        _edited("1_Pooling/config.json", pooling_mode="cls"),
        _edited("sentence_bert_config.json", do_lower_case=True),
        _edited("sentence_bert_config.json", something_new=1),
        _edited("config_sentence_transformers.json", prompts={"query": "ask: "}),
        _edited("config_sentence_transformers.json", default_prompt_name="query"),
        _edited("tokenizer_config.json", do_lower_case=False),
        _edited("tokenizer_config.json", tokenizer_class="MPNetTokenizer"),
        _edited("tokenizer.json", pre_tokenizer={"type": "Whitespace"}),
        _edited("tokenizer.json", normalizer=None),
        lambda folder: (folder / "adapter_config.json").write_text("{}") and None,
        lambda folder: (folder / "model.safetensors").unlink(),
        lambda folder: (folder / "model.safetensors").write_bytes(b"\x01" * 64) and None,
        lambda folder: (folder / "modules.json").write_text("[") and None,
    ],
)
def test_a_folder_that_says_anything_else_is_left_to_sentence_transformers(
    plain: Path, tmp_path: Path, change: Change
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(plain, folder)
    assert recognize(folder) is not None
    change(folder)
    assert recognize(folder) is None


def test_a_folder_whose_weights_are_cut_short_is_said_in_a_sentence(
    plain: Path, tmp_path: Path
) -> None:
    from app.errors import SettingsError

    folder = tmp_path / "model"
    shutil.copytree(plain, folder)
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-400])
    with pytest.raises(SettingsError, match="can't be loaded"):
        TransformerEmbedder(str(folder))
