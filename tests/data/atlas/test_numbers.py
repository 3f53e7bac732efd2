import pytest

from lichen.data.atlas.numbers import parse_quantity, parse_year


@pytest.mark.parametrize(
    ("text", "value", "year"),
    [
        ("9,174,390 (2025 est.)", 9_174_390, 2025),
        ("$231.132 billion (2023 est.)", 231.132e9, 2023),
        ("-$3.911 billion (2022 est.)", -3.911e9, 2022),
        ("-0.5% (2024 est.)", -0.5, 2024),
        ("arable land: 16% (2023 est.)", 16, 2023),
        ("0.15 km", 0.15, None),
        (".06%", 0.06, None),
        ("0 km (landlocked)", 0, None),
        ("1.284 billion (FY2019/20)", 1.284e9, 2020),
        ("0.68% annual rate of change (2020-25 est.)", 0.68, 2025),
        ("6,123 km (2022) 3,523 km electrified", 6123, 2022),
        ("14.1% (male 648,639/female 616,334)", 14.1, None),
        ("35.2 million barrels (2021 est.)", 35.2e6, 2021),
        ("83,871 sq km", 83_871, None),
        ("5.52 physicians/1,000 population (2023)", 5.52, 2023),
    ],
)
def test_quantities(text, value, year):
    found = parse_quantity(text, "u")
    assert found.value == pytest.approx(value)
    assert (found.unit, found.year) == ("u", year)


@pytest.mark.parametrize(
    "text",
    ["NA", "", "none", "less than 1%", "<1%", "15-20%", "10,360-25,900 sq km", "more than 5 m"],
)
def test_what_is_not_exact_is_no_quantity(text):
    assert parse_quantity(text) is None


@pytest.mark.parametrize(
    ("text", "year"),
    [("(2016)", 2016), ("(male 1945)", None), ("(1234)", None), ("(July 2021 est.)", 2021)],
)
def test_years(text, year):
    assert parse_year(text) == year
