// Tables and lists, made of what the server says; every text is set as text, never as markup.

import { bits, clock, count, digits, percent, size, time, whole } from "./words.js";

export function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

// Columns are [heading, cell, class]; a cell is a text, or [text, mood].
function fill(id, columns, rows) {
  const head = element("tr");
  for (const [title, , className] of columns) head.append(element("th", title, className));
  const body = element("tbody");
  for (const row of rows) {
    const line = element("tr");
    for (const [, cell, className] of columns) {
      const found = cell(row);
      const [text, mood] = Array.isArray(found) ? found : [found, ""];
      line.append(element("td", text, [className, mood].filter(Boolean).join(" ")));
    }
    body.append(line);
  }
  const thead = element("thead");
  thead.append(head);
  document.getElementById(id).replaceChildren(thead, body);
  const section = document.getElementById(`${id}-section`);
  if (section) section.hidden = rows.length === 0;
}

const TIMES = [
  ["", (row) => row.name],
  ["count", (row) => whole(row.count)],
  ["now /s", (row) => count(row.rate)],
  ["mean", (row) => time(row.mean)],
  ["p50", (row) => time(row.p50)],
  ["p95", (row) => time(row.p95)],
  ["p99", (row) => time(row.p99)],
  ["max", (row) => time(row.max)],
];

const STATES = { lost: "bad", stalled: "warn", busy: "good" };
const above = (value, limit, text) => (value > limit ? [text, "warn"] : text);
const known = (value, say) => (value === null || value === undefined ? "–" : say(value));

const AGENTS = [
  ["agent", (row) => row.name],
  ["state", (row) => [row.state, STATES[row.state] ?? ""]],
  ["users", (row) => known(row.users, whole)],
  ["started/s", (row) => known(row.started, whole)],
  ["workers", (row) => whole(row.workers)],
  ["busiest worker", (row) => known(row.worker_cpu, (v) => above(v, 0.9, percent(v)))],
  ["loop lag p99", (row) => known(row.loop_lag, (v) => above(v, 0.02, time(v)))],
  ["late p99", (row) => known(row.lateness, (v) => above(v, 0.05, time(v)))],
  ["host CPU", (row) => known(row.cpu, (v) => `${digits(v)} %`)],
  ["memory", (row) => (row.rss ? size(row.rss) : "–")],
  ["descriptors", (row) => descriptors(row)],
  ["clock", (row) => `${row.clock_offset >= 0 ? "+" : "−"}${time(Math.abs(row.clock_offset))}`],
];

function descriptors(row) {
  if (!row.descriptors) return "–";
  const text = `${whole(row.descriptors)} of ${whole(row.descriptor_limit)}`;
  return row.descriptors > 0.9 * row.descriptor_limit ? [text, "warn"] : text;
}

const HOSTS = [
  ["host", (row) => row.name],
  ["is", (row) => (row.is_target ? "target" : "load generator")],
  ["CPU", (row) => known(row.cpu, (v) => `${digits(v)} %`)],
  ["free memory", (row) => known(row.free_memory, (v) => size(v * 1e6))],
  ["load", (row) => known(row.load, digits)],
  ["others", (row) => Object.entries(row.others).map(([name, v]) => `${name} ${digits(v)}`).join(" · "), "text"],
  ["read at", (row) => clock(row.heard)],
];

const ERRORS = [
  ["error", (row) => row.name],
  ["count", (row) => [whole(row.count), "bad"]],
  ["last seen", (row) => row.last.map((one) => `${clock(one.at)} ${one.agent} (${whole(one.count)})`).join(" · "), "text"],
];

const COUNTERS = [
  ["counter", (row) => row[0]],
  ["total", (row) => whole(row[1])],
  ["", (row) => (row[0].startsWith("size_") ? size(row[1]) : ""), "text"],
];

export function showTables(now) {
  fill("samples", TIMES, now.samples);
  fill("transactions", TIMES, now.transactions);
  fill("errors", ERRORS, now.error_names);
  fill("agents", AGENTS, now.agents);
  fill("hosts", HOSTS, now.hosts);
  fill("counters", COUNTERS, Object.entries(now.counters));
}

export function showEvents(list, events) {
  for (const event of events) {
    const line = element("li");
    line.append(element("time", clock(event.at)), element("span", event.text, event.mood));
    list.prepend(line);
  }
  while (list.children.length > 200) list.lastChild.remove();
}

export function showTiles(now, last) {
  // Chance: four standard deviations of a Poisson count, as in the verdict.
  const behind = last.expected - last.users > Math.max(5, 4 * Math.sqrt(now.users.started));
  const traffic = (last.received ?? 0) + (last.sent ?? 0);
  const name = now.main;
  const wholeRun = now.state === "ended" && now.samples.find((row) => row.name === name);
  const times = wholeRun || now.last;
  const span = wholeRun ? "whole run" : "this second";
  const tiles = [
    ["Users", whole(now.users.open), behind ? `plan ${whole(last.expected)}` : `peak ${whole(now.users.peak)}, ${whole(now.users.started)} started`, behind ? "warn" : ""],
    ["Connected", whole(now.connections.open), `peak ${whole(now.connections.peak)}`],
    ["Arriving", `${count(now.started_per_second)} /s`, now.paused ? "paused" : `plan ${count(now.planned_rate)} /s`, now.paused ? "warn" : ""],
    ["Requests", `${count(now.request_rate)} /s`, "over ten seconds"],
    [`${name}, p50`, time(times.p50), span],
    [`${name}, p95`, time(times.p95), span],
    [`${name}, p99`, time(times.p99), span],
    ["Errors", now.errors ? whole(now.errors) : "none", now.errors ? `${count(last.errors ?? 0)} /s now` : "", now.errors ? "bad" : "good"],
    ["Traffic", bits(traffic), `${bits(last.received ?? 0)} in`],
    ["Controller", `${digits(now.cpu_controller)} %`, "of a core"],
  ];
  const list = document.getElementById("tiles");
  if (list.children.length !== tiles.length) {
    list.replaceChildren(
      ...tiles.map(() => {
        const tile = element("div");
        tile.append(element("dt"), element("dd", "", "value"), element("dd", "", "more"));
        return tile;
      }),
    );
  }
  tiles.forEach(([title, value, more, mood], at) => {
    const tile = list.children[at];
    tile.className = `tile ${mood ?? ""}`;
    const [dt, dd, note] = tile.children;
    dt.textContent = title;
    dd.textContent = value;
    note.textContent = more;
  });
}
