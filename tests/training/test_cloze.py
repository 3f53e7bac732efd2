import numpy as np
import pytest
import torch

from lichen.base.errors import DataError
from lichen.data.corpus import Corpus, Document
from lichen.training.cloze import ClozeFact, probe
from lichen.training.joint import PretrainConfig
from lichen.training.objectives.mask import WordHead
from lichen.training.pretrain import pretrain

PATTERNS = {"lies_in": ("town [X] lies in [Y] .", "[X] in [Y]")}
CANDIDATES = {"lies_in": ("l0", "l1", "l2", "l3", "l1burg")}
FACTS = [ClozeFact(f"c{i}", "lies_in", f"l{i % 4}") for i in range(8)]


@torch.no_grad()
def slowly(text, head, sentence):
    """Score the candidates of one sentence by softmax over all tokens."""
    batch = text.tokenizer(sentence, return_tensors="pt")
    states = text.model(**batch).last_hidden_state[0]
    at = batch["input_ids"][0].tolist().index(text.tokenizer.mask_token_id)
    chances = head(states[at], text.model.get_input_embeddings().weight).softmax(-1)
    names = ["l0", "l1", "l2", "l3"]
    return max(names, key=lambda n: float(chances[text.tokenizer.convert_tokens_to_ids(n)]))


def test_answers_are_those_of_one_sentence_at_a_time(tiny_text):
    torch.manual_seed(0)
    head = WordHead(tiny_text)
    found = probe(tiny_text, head, FACTS, patterns=PATTERNS, candidates=CANDIDATES, batch_size=3)
    same = []
    for fact, hits in zip(FACTS, found.hits, strict=True):
        said = [
            slowly(tiny_text, head, p.replace("[X]", fact.subject).replace("[Y]", "[MASK]"))
            for p in PATTERNS["lies_in"]
        ]
        assert hits.tolist() == [one == fact.object for one in said]
        same.append(said[0] == said[1])
    assert found.consistency == pytest.approx(np.mean(same))
    assert found.by_relation == {"lies_in": pytest.approx(found.accuracy)}


def test_what_all_texts_say_is_known(tiny_text, tiny_graph):
    texts = [f"town c{i} lies in l2 ." for i in range(12)]
    docs = tuple(Document(id=text, text=text) for text in texts)
    config = PretrainConfig(head_steps=1, steps=40, batch_size=12, learning_rate=1e-2)
    run = pretrain(tiny_text, Corpus(docs), tiny_graph, objectives={"mask": 1.0}, config=config)
    told = {"lies_in": PATTERNS["lies_in"][:1]}
    found = probe(run.text, run.head, FACTS, patterns=told, candidates=CANDIDATES)
    assert [hits.tolist() for hits in found.hits] == [[f.object == "l2"] for f in FACTS]
    assert found.consistency == 1.0


def test_objects_of_several_tokens_are_counted_out(tiny_text):
    facts = [*FACTS[:2], ClozeFact("c0", "lies_in", "l1burg")]
    found = probe(tiny_text, WordHead(tiny_text), facts, patterns=PATTERNS, candidates=CANDIDATES)
    assert (len(found.facts), found.num_skipped) == (2, 1)
    assert str(found).endswith("2 facts, 1 skipped")


def test_bad_questions_are_refused(tiny_text):
    head = WordHead(tiny_text)
    with pytest.raises(DataError, match="at least one of the 1 facts must have an object of one"):
        probe(tiny_text, head, FACTS[:1], patterns=PATTERNS, candidates={})
    for patterns in ({}, {"lies_in": ("[X] lies in l0",)}):
        with pytest.raises(DataError, match=r"patterns\['lies_in'\] must hold at least one"):
            probe(tiny_text, head, FACTS, patterns=patterns, candidates=CANDIDATES)
