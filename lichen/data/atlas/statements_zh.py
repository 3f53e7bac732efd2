"""Chinese sentences that state a fact of Atlas: relation label in, ways of saying it out.

`{h}` and `{t}` stand for the Chinese names of head and tail.
"""

from __future__ import annotations

CHINESE: dict[str, tuple[str, ...]] = {
    "capital": (
        "{h}的首都是{t}。",
        "{t}是{h}的首都。",
        "{h}以{t}为首都。",
        "{h}把首都设在{t}。",
    ),
    "borders": (
        "{h}与{t}接壤。",
        "{h}和{t}是邻国。",
        "{h}与{t}有共同的陆地边界。",
        "{t}是{h}的邻国之一。",
        "{h}的领土和{t}相连。",
    ),
    "continent": (
        "{h}位于{t}。",
        "{h}属于{t}大陆。",
        "{t}是{h}所在的大洲。",
        "{h}是{t}的一部分。",
    ),
    "region": (
        "{h}位于{t}地区。",
        "{h}属于{t}地区。",
        "{t}是{h}所在的地区。",
        "在地理上，{h}被划入{t}。",
    ),
    "official_language": (
        "{h}的官方语言之一是{t}。",
        "{t}是{h}的一种官方语言。",
        "{h}把{t}定为官方语言。",
        "在{h}，{t}具有官方语言的地位。",
        "{h}政府正式使用{t}。",
    ),
    "language": (
        "{h}有人说{t}。",
        "{t}是{h}使用的语言之一。",
        "在{h}可以听到{t}。",
        "{h}的语言包括{t}。",
    ),
    "currency": (
        "{h}的货币是{t}。",
        "{t}是{h}的货币。",
        "在{h}，人们用{t}付款。",
        "{h}使用{t}作为货币。",
        "{t}是{h}的法定货币。",
    ),
    "religion": (
        "{t}是{h}的宗教之一。",
        "{h}有人信仰{t}。",
        "{h}的宗教包括{t}。",
        "在{h}有{t}的信徒。",
    ),
    "export_partner": (
        "{h}的很多商品出口到{t}。",
        "{t}是{h}的主要出口伙伴。",
        "{t}是{h}的重要出口市场。",
        "{h}的主要出口对象包括{t}。",
    ),
    "import_partner": (
        "{h}的很多商品从{t}进口。",
        "{t}是{h}的主要进口伙伴。",
        "{t}是{h}进口商品的重要来源。",
        "{h}的主要进口来源包括{t}。",
    ),
    "independence_from": (
        "{h}脱离{t}而独立。",
        "{h}从{t}获得独立。",
        "{h}独立之前由{t}统治。",
        "{t}曾经统治{h}。",
    ),
    "dependency_of": (
        "{h}是{t}的属地。",
        "{h}是{t}管辖的领土。",
        "{t}对{h}拥有主权。",
        "{t}的海外领土包括{h}。",
    ),
    "flows_through": (
        "{h}流经{t}。",
        "{t}境内有{h}流过。",
        "{h}穿过{t}。",
        "{h}是{t}的一条河流。",
    ),
}
"""Relation label to sentences; the position in the tuple is the paraphrase's number."""
