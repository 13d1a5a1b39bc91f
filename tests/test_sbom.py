"""The bill of materials lists what is installed, no more and no less, with hashes."""

import json
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent
_PINNED = re.compile(
    r"^([a-z0-9-]+)==([^ ]+)[^\n]*\\\n((?: {4}--hash=sha256:[0-9a-f]{64}.*\n?)+)", re.MULTILINE
)


def test_the_bill_of_materials_lists_every_locked_package_with_every_hash(tmp_path: Path) -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    locked = {
        (name, version): set(re.findall(r"sha256:([0-9a-f]{64})", hashes))
        for name, version, hashes in _PINNED.findall(lock)
    }
    assert len(locked) == len(re.findall(r"==", re.sub(r";.*", "", lock))) > 30

    written = tmp_path / "sbom.json"
    subprocess.run(["make", "-s", "sbom", f"SBOM={written}"], cwd=ROOT, check=True, timeout=300)
    bill = json.loads(written.read_text("utf-8"))
    assert bill["bomFormat"] == "CycloneDX"
    assert bill["metadata"]["component"]["name"] == "fairlead"
    listed = {
        (each["name"], each["version"]): {
            digest["content"]
            for reference in each["externalReferences"]
            for digest in reference["hashes"]
        }
        for each in bill["components"]
    }
    assert listed == locked


def test_nothing_is_locked_without_a_hash_or_from_elsewhere_than_an_index() -> None:
    for name in (f"requirements{each}.lock" for each in ("", "-build", "-dev", "-mutate")):
        lock = (ROOT / name).read_text("utf-8")
        # A continuation line belongs to the package of its first line.
        for requirement in lock.replace("\\\n", "").splitlines():
            if requirement.strip() and not requirement.startswith("#"):
                assert "--hash=sha256:" in requirement, requirement
                assert "==" in requirement, requirement
                assert "://" not in requirement, requirement
