import pytest

from lichen.data.atlas.people import parse_person, quiet_capitals


@pytest.mark.parametrize(
    ("text", "title", "name", "family"),
    [
        ("King CHARLES III (since 2022)", "King", "Charles III", "Charles"),
        ("President XI Jinping (since 14 March 2013)", "President", "Xi Jinping", "Xi"),
        ("President of China XI Jinping", "President of China", "Xi Jinping", "Xi"),
        ("Lord of Mann King CHARLES III", "Lord of Mann King", "Charles III", "Charles"),
        ("King FREDERIK X of Denmark (since 2024)", "King", "Frederik X", "Frederik"),
        ("President Abdel Fattah EL-SISI", "President", "Abdel Fattah El-Sisi", "El-Sisi"),
        ("President Alexander VAN DER BELLEN", "President", "Alexander Van der Bellen",
         "Van der Bellen"),
        ("Sébastien LECORNU (since 2025)", "", "Sébastien Lecornu", "Lecornu"),
        ("CNSP Prime Minister Ali Mahaman Lamine ZEINE", "CNSP Prime Minister",
         "Ali Mahaman Lamine Zeine", "Zeine"),
        ("President of the Swiss Confederation Guy PARMELIN",
         "President of the Swiss Confederation",
         "Guy Parmelin", "Parmelin"),
        ("Premier LI Qiang", "Premier", "Li Qiang", "Li"),
        ("President Surangel WHIPPS, Jr. (since 2021)", "President", "Surangel Whipps Jr.",
         "Whipps"),
    ],
)  # fmt: skip
def test_titles_and_names_come_apart(text, title, name, family):
    assert parse_person(text) == (title, name, family)


@pytest.mark.parametrize(
    "text", ["", "President (vacant)", "co-chiefs of state Captains Regent A ROSSI and B BUGLI"]
)
def test_nobody_or_several_is_no_person(text):
    assert parse_person(text) is None


def test_capitals_after_an_apostrophe():
    assert quiet_capitals("O'BRIEN") == "O'Brien"
    assert quiet_capitals("TUIMALEALI'IFANO") == "Tuimaleali'ifano"
