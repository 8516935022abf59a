// The live page: follows the run, shows what it hears, and hands on orders.

import { Charts } from "./charts.js";
import { element, showEvents, showTables, showTiles } from "./tables.js";
import { clock, count } from "./words.js";

const at = (id) => document.getElementById(id);
const charts = new Charts();
let now = null;

const SENTENCES = {
  clean: "so far: the load generator keeps its word",
  degraded: "so far: figures are to be read with care",
  invalid: "so far: the figures cannot be believed",
};
const ENDED = {
  clean: "The load generator kept its word: the figures can be believed.",
  degraded: "Figures are to be read with care.",
  invalid: "The figures cannot be believed.",
};
const SIGNS = { clean: "✓", degraded: "!", invalid: "✕" };

// -- what is heard ------------------------------------------------------------

function take(news) {
  now = news.now;
  if (news.run) showRun(news.run);
  if (news.fresh && news.columns) at("events").replaceChildren();
  charts.take(news.columns, news.rows, news.fresh);
  showEvents(at("events"), news.events);
  showProgress();
  showVerdict();
  const row = charts.rows.at(-1) ?? [];
  const last = Object.fromEntries(charts.columns.map((name, place) => [name, row[place]]));
  showTiles(now, { expected: 0, users: 0, ...last });
  showTables(now);
  at("times-title").textContent = `Response time: ${now.main}`;
  showOrders();
  at("hosts-figure").hidden = !now.hosts.length;
  charts.hosts = now.hosts;
  charts.draw();
  document.documentElement.dataset.second = now.second;
  document.documentElement.dataset.state = now.state;
}

function showRun(run) {
  document.title = `pytsung · ${run.name}`;
  at("name").textContent = run.name;
  at("sentence").textContent = run.sentence;
  at("directory").textContent = `${run.log_directory} · seed ${run.seed}`;
  if (run.started_at) at("when").textContent = new Date(run.started_at * 1000).toLocaleString();
}

function showProgress() {
  at("elapsed").textContent = clock(now.elapsed);
  at("activity").textContent = now.activity + (now.amended ? " · load changed by operator" : "");
  at("remaining").textContent = now.remaining === null ? "" : `${clock(now.remaining)} left`;
  const holder = at("phases");
  while (holder.children.length > now.phases.length) holder.lastChild.remove();
  while (holder.children.length < now.phases.length) holder.append(element("progress"));
  now.phases.forEach((phase, place) => {
    const bar = holder.children[place];
    const ends = phase.ends ?? Math.max(now.elapsed + 5, phase.begins + 30);
    bar.max = Math.max(ends - phase.begins, 0.001);
    bar.value = now.state === "starting" ? 0 : Math.min(Math.max(now.elapsed - phase.begins, 0), bar.max);
    bar.style.flexGrow = String(bar.max);
    bar.className = phase.paused ? "paused" : "";
    bar.title = phase.paused ? "paused" : `phase ${place + 1}: ${count(phase.rate)} /s`;
  });
}

function showVerdict() {
  const box = at("verdict");
  const { status, reasons } = now.verdict;
  box.className = `verdict ${status}`;
  box.querySelector(".sign").textContent = SIGNS[status] ?? "·";
  box.querySelector("strong").textContent = status;
  box.querySelector("p").textContent = (now.state === "ended" ? ENDED : SENTENCES)[status] ?? "";
  box.querySelector("ul").replaceChildren(...reasons.map((reason) => element("li", reason)));
}

// -- orders -------------------------------------------------------------------

function showOrders() {
  const running = now.state === "running";
  for (const id of ["pause", "change-rate"]) at(id).hidden = now.state === "ended";
  at("pause").disabled = !running;
  at("pause").textContent = now.paused ? "Resume arrivals" : "Pause arrivals";
  at("set-rate").disabled = !running || now.paused;
  at("stop").disabled = now.state === "stopping";
  at("stop").textContent = now.state === "ended" ? "Close" : "Stop";
  if (document.activeElement !== at("rate")) at("rate").placeholder = count(now.planned_rate);
}

async function order(body) {
  let said = "";
  try {
    const answer = await fetch("/live/order", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!answer.ok) said = (await answer.json()).error ?? `refused (${answer.status})`;
  } catch {
    said = "the test cannot be reached";
  }
  at("said").textContent = said;
  at("said").hidden = !said;
}

at("pause").addEventListener("click", () => order({ action: now.paused ? "resume" : "pause" }));

function setRate() {
  const text = at("rate").value.trim().replace(",", ".");
  const rate = Number(text);
  if (!text || !Number.isFinite(rate)) {
    at("said").textContent = `${text || "nothing"} is no rate: give users per second, such as 50`;
    at("said").hidden = false;
    return;
  }
  order({ action: "rate", rate });
  at("rate").value = "";
  at("rate").blur();
}

at("set-rate").addEventListener("click", setRate);
at("rate").addEventListener("keydown", (event) => event.key === "Enter" && setRate());
at("stop").addEventListener("click", () => at("sure").showModal());
at("sure").addEventListener("close", () => {
  if (at("sure").returnValue === "yes") order({ action: "stop" });
});

// -- following ----------------------------------------------------------------

function link(text, className) {
  at("link").textContent = text;
  at("link").className = `link ${className}`;
}

function follow() {
  const source = new EventSource("/live/stream");
  source.onmessage = (event) => {
    take(JSON.parse(event.data));
    if (now.state === "ended") link("the run is over", "");
    else link("live", "on");
  };
  source.onerror = () => {
    if (now?.state === "ended" || now?.state === "stopping") {
      source.close();
      link("the run is over", "");
      for (const button of document.querySelectorAll("#orders button")) button.disabled = true;
      return;
    }
    link("connection lost; trying again …", "off");
    if (source.readyState === EventSource.CLOSED) setTimeout(follow, 3000);
  };
}

if (window.Plotly) charts.draw();
else document.querySelector('script[src$="plotly.js"]')?.addEventListener("load", () => charts.draw());
follow();
