from lichen.data.atlas.generic import attribute_entry, readable, step_entry
from lichen.data.atlas.wording import SPLITS


def test_wording_made_of_labels():
    entry = step_entry("worksFor", forward=True, noun="company")
    assert "Which company does {x} works for?" not in entry["train"]
    assert any("works for" in form for form in entry["train"])
    assert entry["noun"] == ["company", "companies"]
    assert step_entry("spouse", forward=False, noun="person")["vp"]["train"] == [
        "<has|have> {x} as spouse"
    ]
    assert attribute_entry("birth_rate")["max"]["train"][0] == "has the highest birth rate"
    assert readable("wasBornIn") == "was born in"


def test_made_wording_is_split_like_written_wording():
    for forward in (True, False):
        for relation in ("capital", "born_in"):
            entry = step_entry(relation, forward=forward, noun="city")
            forms = [form for split in SPLITS for form in entry[split]]
            assert len(forms) == len(set(forms))
            assert all(form.count("{x}") == 1 for form in forms)


def test_an_attribute_may_be_called_by_a_phrase():
    forms = attribute_entry("gini", "Gini index")["ask"]["train"]
    assert forms[0] == "What is the Gini index of {x}?"
