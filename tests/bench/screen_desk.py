"""What people did before the pictures were taken, over the API: so that no page of the console is empty."""

from datetime import UTC, datetime
from typing import Any, Final

from tests.e2e.api import PASSWORD, Api

PEOPLE: Final = {"sari": "operator", "budi": "supervisor", "dewi": "viewer"}


def make_people(admin: Api) -> None:
    """Logins, and a token of a screen."""
    for name, role in PEOPLE.items():
        admin.post("/users", {"name": name, "role": role, "password": PASSWORD})
    admin.post("/tokens", {"name": "layar-posko", "scopes": ["wall"]})


def work(url: str, state: str) -> None:
    """A shift's work: notes, a handover, maintenance, a siren's test; in a storm alarms, actions and warnings, too."""
    sari, budi = Api(url, "sari"), Api(url, "budi")
    try:
        sari.post("/journal", {"text": "Pompa 2 di Rolak Songo diperiksa, siap."})
        sari.post("/handover", {"to": "budi", "text": "Radio kanal 3 terganggu sejak sore."})
        budi.post("/handover", {"to": "sari", "text": "Cek genset pukul 20."})
        order = {"aside": "suppressed", "scope": "LAMONG-BANYULEGI", "minutes": 120, "comment": "ganti aki"}
        sari.post("/service-orders", order | {"ticket": "T-118"})
        sari.post("/sensors/SADAR-BANGSAL:level/observations", _heard(sari))
        if state != "calm":
            _in_the_storm(sari, budi)
    finally:
        sari.close()
        budi.close()


def _heard(sari: Api) -> dict[str, Any]:
    value = sari.get("/sensors/SADAR-BANGSAL:level")["latest"]["value"]
    return {"time": datetime.now(UTC).isoformat(), "value": round(value), "heard_from": "Pak Warno, juru pintu"}


def _in_the_storm(sari: Api, budi: Api) -> None:
    """One alarm seen and noted, one shelved, one action taken and one done, one warning issued and one authorised."""
    alarms = sorted(sari.everything("/alarms", state="open"), key=lambda alarm: -alarm["severity"])
    seen, shelved = alarms[1], alarms[-1]
    sari.post(f"/alarms/{seen['id']}/acknowledge", {"comment": "Juru pintu dihubungi lewat radio."})
    sari.post(f"/alarms/{seen['id']}/note", {"comment": "Pintu dibuka 20 cm."})
    if shelved["severity"] < 4:
        sari.post(f"/alarms/{shelved['id']}/shelve", {"comment": "Genangan di bawah sensor.", "minutes": 60})
    for action, act in zip(sari.everything("/actions"), ("take", "done"), strict=False):
        if action["state"] in ("waiting", "taken"):
            sari.post(f"/actions/{action['id']}/take", {"comment": ""})
            if act == "done":
                sari.post(f"/actions/{action['id']}/done", {"comment": "Jalan ditutup pukul ini."})
    for draft, act in zip(sari.get("/alerts", state="draft")["items"], ("issue", "authorise"), strict=False):
        yes = {"revision": draft["revision"], "comment": "Teks dibaca dan benar."}
        budi.post(f"/alerts/{draft['id']}/authorise", yes)
        if act == "issue":
            sari.post(f"/alerts/{draft['id']}/issue", {})
