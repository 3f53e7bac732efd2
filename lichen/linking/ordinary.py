"""English words that are far more often words than names."""

from __future__ import annotations

_WORDS = """
a about above after again against ago all almost alone along already also although always am
among an and another any anyone anything are around as at away back be because become been
before behind being below between both but by can cannot could day did do does doing done down
during each either else enough even ever every everyone everything few first for former found
from further get give given go had half has have having he her here hers herself him himself his
how however i if in into is it its itself just keep last latter least less made make male many
may me might mine more most much must my myself near neither never new next no nobody none nor
not nothing now of off often on once one only onto or other others otherwise our ours ourselves
out over own part per perhaps please put quite rather said same say second see seem several
shall she should since so some someone something still such take than that the their theirs them
themselves then there therefore these they this those though three through thus to together too
total toward two under unknown unless unspecified until up upon us used very via was way we well
were what whatever when where whether which while who whole whom whose why will with within
without would year yes yet you your yours yourself
"""

ORDINARY = frozenset(_WORDS.split())
"""A name that is one of these is taken for a name only in capitals."""
