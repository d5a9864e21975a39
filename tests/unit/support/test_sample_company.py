"""The sample company is what its generator writes, and it is what it claims to be."""

from __future__ import annotations

import base64
import json
import sys
import uuid
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))

import make_sample_company
from sample_company import company
from sample_obstacles import OBSTACLES
from sample_person import AD_DOMAIN, SYNCED, WAITING, attributes


@pytest.fixture(scope="module")
def written() -> dict[str, bytes]:
    return make_sample_company.files()


@pytest.mark.parametrize("name", ["export.ldf", "tenant.json", "README.md"])
def test_checked_in_file_is_what_the_generator_writes(written, name):
    assert (make_sample_company.FOLDER / name).read_bytes() == written[name], (
        "run tests/support/make_sample_company.py and commit what it writes"
    )


def test_generator_writes_the_same_twice(written):
    assert make_sample_company.files() == written


def test_export_has_the_form_of_ldifde(written):
    content = written["export.ldf"]
    assert content.startswith(b"\xff\xfe")
    text = content.decode("utf-16")
    assert text.startswith("dn: ")
    assert "\n" not in text.replace("\r\n", "")
    lines = text.split("\r\n")
    assert max(map(len, lines)) == 79
    assert lines.count("changetype: add") == len(company())
    folded = [number for number, line in enumerate(lines) if line.startswith(" ") and lines[number - 1][:1] != " "]
    assert folded
    assert all(lines[number - 1].endswith(":") for number in folded)


def test_classic_recipe_carries_only_the_guid_and_the_sign_in_name():
    lines = make_sample_company.classic_recipe(company()).decode("ascii").split("\r\n")
    names = {line.partition(":")[0] for line in lines if line and not line.startswith(" ")}
    assert names == {"dn", "changetype", "objectGUID", "userPrincipalName"}
    guids = [line for line in lines if line.startswith("objectGUID:: ")]
    assert any(line.endswith("==  ") for line in guids)
    assert any(line.endswith("==") for line in guids)


def test_guids_of_the_export_are_those_of_the_people(written):
    text = written["export.ldf"].decode("utf-16")
    exported = [
        str(uuid.UUID(bytes_le=base64.b64decode(line.partition(":: ")[2])))
        for line in text.split("\r\n")
        if line.startswith("objectGUID:: ")
    ]
    assert exported == [person.guid for person in company()]
    assert len(set(exported)) == len(exported) >= 200


@pytest.mark.parametrize("attribute", ["sAMAccountName", "userPrincipalName", "objectSid"])
def test_what_a_directory_keeps_unique_is_unique(attribute):
    values = [value for person in company() for value in attributes(person).get(attribute, [])]
    folded = [value.lower() if isinstance(value, str) else value for value in values]
    assert [value for value, times in Counter(folded).items() if times > 1] == []


def test_names_fit_what_active_directory_allows():
    for person in company():
        assert len(person.sam) <= 20
        assert len(person.common_name or person.display_name) <= 64


def test_every_trouble_of_an_ordinary_company_is_there(written):
    seed = json.loads(written["tenant.json"])
    users = seed["users"]
    everybody = company()
    assert any(person.upn and person.upn.endswith(AD_DOMAIN) and person.outcome == WAITING for person in everybody)
    assert any(user["onPremisesSyncEnabled"] for user in users)
    assert any(user["onPremisesImmutableId"] == "E-10472" for user in users)
    assert any("#EXT#" in user["userPrincipalName"] for user in users)
    held = {user["onPremisesImmutableId"] for user in seed["deletedUsers"]} - {None}
    assert held <= {person.anchor for person in everybody}
    mails = Counter(user["mail"] for user in users if user["mail"])
    assert [mail for mail, times in mails.items() if times > 1] == ["ines.simoes@aurelia.example"]
    assert sum(person.outcome == SYNCED for person in everybody) > 180
    assert len({user["id"] for user in users + seed["deletedUsers"]}) == len(users) + len(seed["deletedUsers"])
    upns = [user["userPrincipalName"].lower() for user in users]
    assert len(set(upns)) == len(upns)
    addresses = [address.lower() for user in users for address in user["proxyAddresses"]]
    assert len(set(addresses)) == len(addresses)


def test_the_export_line_asks_for_everything_that_a_plan_looks_at():
    from ansible_collections.hybrid.identity.plugins.module_utils._directory.record import (
        AnchorSettings,
        wanted_attributes,
    )

    wanted = wanted_attributes(AnchorSettings(), "userPrincipalName")
    assert sorted(make_sample_company.EXPORTED, key=str.lower) == sorted(wanted, key=str.lower)
    line = f"-l {','.join(make_sample_company.EXPORTED)}"
    assert line in (make_sample_company.FOLDER / "README.md").read_text(encoding="utf-8")
    assert line in (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")


def test_each_obstacle_has_its_person():
    troubles = Counter(person.trouble for person in company())
    assert {obstacle.trouble: troubles[obstacle.trouble] for obstacle in OBSTACLES} == dict.fromkeys(
        (obstacle.trouble for obstacle in OBSTACLES), 1
    )
