"""The command center's HTTP interface, as a test uses it."""

from typing import Any

import httpx

from tests import plain_http
from tests.e2e.processes import START_S, until

PASSWORD = "kata-sandi-uji"


class Api:
    """Requests to one command center; logs in at the first POST, as `admin` where nobody else is named."""

    def __init__(self, url: str, user: str = "admin", password: str = PASSWORD) -> None:
        self.url, self.user = url, user
        self._password = password
        self._client = httpx.Client(verify=plain_http.NO_TLS, base_url=url, timeout=plain_http.PATIENCE_S)
        self._token = ""

    def get(self, path: str, **parameters: str | int) -> Any:
        """The JSON of GET /api/v1{path}."""
        return self._client.get(f"/api/v1{path}", params=parameters).raise_for_status().json()

    def get_as_admin(self, path: str) -> Any:
        """The JSON of GET /api/v1{path}, as the one who is logged in."""
        return self._client.get(f"/api/v1{path}", headers=self._as_admin()).raise_for_status().json()

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """The JSON of POST /api/v1{path}, as the one who is logged in."""
        return self._client.post(f"/api/v1{path}", json=body, headers=self._as_admin()).raise_for_status().json()

    def _as_admin(self) -> dict[str, str]:
        if not self._token:
            login = self._client.post("/api/v1/login", json={"user": self.user, "password": self._password})
            self._token = login.raise_for_status().json()["token"]
        return {"Authorization": f"Bearer {self._token}"}

    def bytes_of(self, path: str) -> bytes:
        """The body of GET {path}, below the root."""
        return self._client.get(path).raise_for_status().content

    def everything(self, path: str, **parameters: str | int) -> list[dict[str, Any]]:
        """The items of every page of GET /api/v1{path}."""
        items: list[dict[str, Any]] = []
        page = self.get(path, **parameters)
        while page["items"]:
            items += page["items"]
            if not page["next"]:
                break
            page = self.get(path, **parameters, after=page["next"])
        return items

    def is_ready(self) -> bool:
        """Whether /readyz says 200."""
        try:
            return self._client.get("/readyz").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def observations(self, datastream: str) -> list[dict[str, Any]]:
        """Every stored observation of a datastream, unthinned."""
        items: list[dict[str, Any]] = self.get(f"/sensors/{datastream}/observations", points=0)["items"]
        return items

    def open_alarm(self, datastream: str) -> dict[str, Any] | None:
        """The alarm of a datastream that is not normal, if there is one."""
        alarms: list[dict[str, Any]] = self.get("/alarms")["items"]
        return next((a for a in alarms if a["datastream"] == datastream and a["state"] != "normal"), None)

    def wait_for_value(self, datastream: str, value: float, within_s: float = START_S) -> dict[str, Any]:
        """The sensor once its latest value is `value`."""

        def sensor() -> dict[str, Any] | None:
            found: dict[str, Any] = self.get(f"/sensors/{datastream}")
            return found if found["latest"] and found["latest"]["value"] == value else None

        return until(sensor, f"{datastream} = {value} in the API", within_s)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
