"""An operator's desk: the console in a real browser, as somebody sits before it."""

from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect

from tests.e2e.small_city import write_city

DOWN = "HILIR-UJI:level"  # downstream of the small city's river gauge, in its basin
BOARD = "PAPAN-UJI:level"  # a staff gauge on the same river, without a device
CAMERA = "https://cctv.example.invalid/hilir"
RELEASE_S = 9
WAIT_MS = 30_000
OPEN_MS = 45_000


def write_console_city(folder: Path) -> Path:
    """The small city with two more gauges on its river, an action, and sirens that wait only RELEASE_S seconds."""
    write_city(folder)
    for name, text in {
        "city.toml": f"\n[alarms]\nrelease_after_s = {RELEASE_S}\n",
        "stations.csv": "HILIR-UJI,Kali Uji hilir,river,-7.460,112.435,35.76.01.1002,,BPBD,EWS,uji,for tests\n"
        "PAPAN-UJI,Papan duga Uji,river,-7.490,112.420,35.76.01.1001,,BPBD,EWS,uji,for tests\n",
        "datastreams.csv": "HILIR-UJI,level,river_level,cm,0,1000,600,300,public,for tests\n"
        "PAPAN-UJI,level,river_level,cm,0,1000,600,300,public,for tests\n",
        "levels.csv": "HILIR-UJI,level,waspada,1,2,rising,150,cm,5,for tests\n"
        "HILIR-UJI,level,siaga,2,3,rising,250,cm,5,for tests\n"
        "HILIR-UJI,level,awas,3,4,rising,350,cm,5,for tests\n"
        "PAPAN-UJI,level,siaga,2,3,rising,250,cm,5,for tests\n",
    }.items():
        with (folder / name).open("a", encoding="utf-8") as table:
            table.write(text)
    stations = (folder / "stations.csv").read_text(encoding="utf-8").splitlines()
    with_camera = [f"{line},{CAMERA if line.startswith('HILIR-UJI') else ''}" for line in stations[1:]]
    (folder / "stations.csv").write_text("\n".join([stations[0] + ",camera", *with_camera]) + "\n", encoding="utf-8")
    (folder / "reaches.csv").write_text(
        "upstream,downstream,travel_min,source\nSUNGAI-UJI,HILIR-UJI,40,for tests\n", encoding="utf-8"
    )
    (folder / "actions.csv").write_text(
        "action,station,property,level,what_id,what_en,opd,takes_min,undo_level,report_every_min,source\n"
        "tutup,HILIR-UJI,level,waspada,Tutup jalan bawah,Close the low road,Dishub,20,waspada,30,for tests\n",
        encoding="utf-8",
    )
    return folder


@dataclass
class Desk:
    """A console on a page of its own; `complaints` gathers what the browser says of errors."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)

    def open(self) -> None:
        """Open the console in Indonesian, and wait until it has a picture."""
        self.page.on("console", self._complain)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.set_default_timeout(WAIT_MS)
        self.page.goto(f"{self.url}/console", timeout=OPEN_MS)
        expect(self.page.locator("#link")).to_have_text("TERHUBUNG", timeout=OPEN_MS)

    def _complain(self, message: ConsoleMessage) -> None:
        """An error; that the server refuses what it should is none."""
        if message.type == "error" and "status of 4" not in message.text:
            self.complaints.append(message.text)

    def row(self, datastream: str) -> Locator:
        """What shows the alarm of a datastream in the list."""
        return self.page.locator(f'#alarm-rows [data-datastream="{datastream}"]')

    def wait_for(self, datastream: str, words: str) -> None:
        """Until the alarm of a datastream says so in the list."""
        expect(self.row(datastream)).to_contain_text(words, timeout=WAIT_MS)

    def choose(self, datastream: str) -> None:
        """With the arrow keys alone."""
        self.page.locator("#alarm-grid").focus()
        self.page.keyboard.press("Home")
        for _ in range(50):
            if self.row(datastream).get_attribute("data-active"):
                return
            self.page.keyboard.press("ArrowDown")
            self.page.wait_for_function("new Promise((done) => requestAnimationFrame(() => done(true)))")
        raise AssertionError(f"{datastream} is not in the list: {self.page.locator('#alarm-rows').inner_text()}")

    def log_in(self, user: str, password: str) -> None:
        """In the dialog that is open, by keyboard alone."""
        expect(self.page.locator("#login")).to_be_visible()
        self.page.keyboard.type(user)
        self.page.keyboard.press("Tab")
        self.page.keyboard.type(password)
        self.page.keyboard.press("Enter")
        expect(self.page.locator("#login")).to_be_hidden()

    def answer(self, **fields: str) -> None:
        """Fill in the question that is open, and send it."""
        question = self.page.locator("dialog.question[open]")
        for name, value in fields.items():
            entry = question.locator(f"[name={name}]")
            if entry.evaluate("node => node.tagName") == "SELECT":
                entry.select_option(value)
            else:
                entry.fill(value)
        question.locator(".main-act").click()

    def says(self, words: str) -> None:
        """Until the status line says it."""
        expect(self.page.locator("#notice")).to_contain_text(words, timeout=WAIT_MS)

    def be(self, user: str, password: str) -> None:
        """Logged in, whoever was; without the dialog."""
        login = self.page.request.post(f"{self.url}/api/v1/login", data={"user": user, "password": password})
        assert login.ok, login.text()
        self._load_anew()

    def be_nobody(self) -> None:
        """As after the session's end."""
        if self.is_somebody:
            self.page.context.clear_cookies()
            self._load_anew()

    def _load_anew(self) -> None:
        self.page.reload(timeout=OPEN_MS)
        expect(self.page.locator("#link")).to_have_text("TERHUBUNG", timeout=OPEN_MS)

    @property
    def is_somebody(self) -> bool:
        """Whether there is a session."""
        return bool(self.page.context.cookies())

    def begin_anew(self) -> None:
        """Back before the list of all alarms in Indonesian, whatever was looked at; the page is not loaded again."""
        self.page.evaluate("for (const dialog of document.querySelectorAll('dialog[open]')) dialog.close()")
        self.page.evaluate("location.hash = '#/alarms'")
        self.page.get_by_role("button", name="ID", exact=True).click()
        clear = self.page.get_by_role("button", name="Hapus saringan")
        if clear.is_visible():
            clear.click()

    def detail(self) -> Locator:
        """The alarm beside the list."""
        return self.page.locator(".detail")


def seated(browser: Browser, url: str) -> Desk:
    """A desk before a console; 1366x768, as old laptops are."""
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="id-ID", timezone_id="Asia/Jakarta")
    desk = Desk(context.new_page(), url)
    desk.open()
    return desk
