from lichen.fusion.lost import Lost


def test_the_line_names_only_what_was_lost_and_the_limit_that_it_comes_from():
    assert not Lost(2040, 0, 0, 64, 4)
    assert str(Lost(2040, 0, 0, 64, 4)) == ""
    cut, beyond = Lost(2040, 17, 0, 64, 4), Lost(2040, 0, 3, 64, 4)
    assert cut
    assert str(cut) == "17 of 2,040 mentions have no token among the 64 read"
    assert str(beyond) == "3 of 2,040 mentions come after the first 4 of their text"
