"""Listed Chinese companies, their industries, and the names by which news calls them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from lichen.data.builder import GraphBuilder
from lichen.data.graph import Graph
from tasks.task import data

INDUSTRY, PARENT, SUPPLIER, EXCHANGE = "所属行业", "上级行业", "上游行业", "上市地点"
MOST_SUPPLIERS = 5
LEGAL = re.compile(r"(股份)?有限(责任)?公司$")
"""The legal form at the end of a full name."""
GROUP = re.compile(r"(集团|公司|股份|集团公司|集团股份)$")
LINE = re.compile(r"(股份|集团|控股|科技|电器|实业|发展|生物|电子|医药|药业|汽车)$")
"""A last word that news drops from a short name when no other company is meant."""
_CALLED = """
深发展=平安银行 深圳发展银行=平安银行 平安=中国平安 中石化=中国石化 中石油=中国石油
东航=东方航空 国航=中国国航 南航=南方航空 海航=海航控股 海南航空=海航控股 中铝=中国铝业
中铝公司=中国铝业 工行=工商银行 农行=农业银行 建行=建设银行 中行=中国银行 交行=交通银行
招行=招商银行 苏宁=苏宁易购 苏宁电器=苏宁易购 茅台=贵州茅台 联通=中国联通 万科=万科A
中兴=中兴通讯 国寿=中国人寿 太保=中国太保 中国南车=中国中车 南车=中国中车 中移动=中国移动
华菱=华菱钢铁 盐湖钾肥=盐湖股份 长虹=四川长虹 格力=格力电器 美的=美的集团 广州药业=白云山
上汽=上汽集团 一汽轿车=一汽解放 三一=三一重工 中联=中联重科 徐工=徐工机械 伊利=伊利股份
青啤=青岛啤酒 张裕=张裕A 烟台张裕=张裕A
"""
NICKNAMES = dict(called.split("=") for called in _CALLED.split())
"""What the names in the training sentences mean that are no part of a company's name."""


@dataclass(frozen=True)
class Chain:
    """The graph of companies and industries, and every name of theirs by entity id."""

    graph: Graph
    companies: dict[str, int]
    industries: dict[str, int]

    def company(self, name: str) -> int | None:
        """Return the company that a name means, its legal form and "group" left aside."""
        bare = LEGAL.sub("", name)
        tried = (name, NICKNAMES.get(name), bare, GROUP.sub("", bare))
        return next((self.companies[x] for x in tried if x in self.companies), None)


@cache
def chain() -> Chain:
    """Read the industry chain once."""
    builder = GraphBuilder()
    companies, places = _rows("company.json"), _rows("company_industry.json")
    names = {row["name"] for row in companies} | {row["company_name"] for row in places}
    industries = {
        row["name"]: f"行业 {plain}" if (plain := _level(row["name"])) in names else plain
        for row in _rows("industry.json")
    }
    for label in sorted(names):
        builder.add_entity(label, types=("公司",))
    for label in industries.values():
        builder.add_entity(label, types=("行业",))
    for row in companies:
        builder.add_name(row["name"], row["fullname"], language="zh")
        if row["location"].endswith("交易所"):
            builder.add_fact(row["name"], EXCHANGE, row["location"])
    for row in places:
        if row["industry_name"] in industries:
            builder.add_fact(row["company_name"], INDUSTRY, industries[row["industry_name"]])
    for h, r, t in _between_industries():
        if h in industries and t in industries and industries[h] != industries[t]:
            builder.add_fact(industries[h], r, industries[t])
    graph = builder.build()
    ids = graph.entities
    known = {_level(name): ids.id(label) for name, label in industries.items()}
    return Chain(graph, _names(companies, {name: ids.id(name) for name in names}), known)


def _between_industries() -> Iterator[tuple[str, str, str]]:
    for row in _rows("industry_industry.json"):
        yield row["from_industry"], PARENT, row["to_industry"]
    for row in _rows("industry_up.json"):
        for up, _ in sorted(row["ups"].items(), key=lambda up: -up[1])[:MOST_SUPPLIERS]:
            yield row["industry"], SUPPLIER, up


def _names(companies: list[dict[str, Any]], labels: dict[str, int]) -> dict[str, int]:
    """Return every name that means one company: short, full, without form, without last word."""
    found = dict(labels)
    for row in companies:
        full = LEGAL.sub("", row["fullname"])
        short = re.sub(r"^\*?S?\*?ST|[AB]$", "", row["name"]).replace(" ", "")
        for name in (row["fullname"], full, short, GROUP.sub("", full)):
            found.setdefault(name, labels[row["name"]])
    cut: dict[str, set[int]] = {}
    for name, entity in found.items():
        if len(short := LINE.sub("", name)) >= 2:
            cut.setdefault(short, set()).add(entity)
    for short, meant in cut.items():
        if len(meant) == 1:
            found.setdefault(short, *meant)
    return found


def _level(name: str) -> str:
    return name.rstrip("ⅡⅢ")


def _rows(file: str) -> list[dict[str, Any]]:
    lines = (data("fin_chain_kg_zh") / file).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]
