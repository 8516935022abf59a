// The charts. Rows come as the server keeps them; plotly draws. Knows nothing of the network.

import { clock } from "./words.js";

const CHARTS = {
  users: {
    lines: [
      ["expected", "plan", "soft", "dot"],
      ["users", "users", "c1"],
      ["connected", "connected", "c2", "dash"],
    ],
  },
  arrivals: {
    lines: [
      ["planned", "plan", "soft", "dot"],
      ["started", "started", "c1"],
    ],
  },
  times: {
    lines: [
      ["p99", "p99", "c2"],
      ["p95", "p95", "c4"],
      ["p50", "p50", "c1"],
    ],
    scale: 1000,
    suffix: " ms",
    gaps: true,
  },
  rates: {
    lines: [
      ["requests", "requests", "c1"],
      ["errors", "errors", "bad"],
    ],
  },
  traffic: {
    lines: [
      ["received", "received", "c1"],
      ["sent", "sent", "c2"],
    ],
    suffix: "bit/s",
    units: true,
  },
};

// As many as there are colours that can be told apart; the table has all hosts.
const HOST_COLOURS = 8;

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function layout(chart, last) {
  const text = { color: colour("soft"), size: 12, family: getComputedStyle(document.body).fontFamily };
  const grid = { gridcolor: colour("grid"), zeroline: false, linecolor: colour("line"), fixedrange: true, ticks: "outside", ticklen: 5, tickcolor: "rgba(0,0,0,0)" };
  const step = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 43200]
    .find((width) => last / width <= 6) ?? 86400;
  const ticks = Array.from({ length: Math.floor(last / step) + 1 }, (_, number) => number * step);
  return {
    margin: { l: 56, r: 10, t: 4, b: 26 },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: text,
    showlegend: true,
    legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", font: text },
    hovermode: "x unified",
    hoverlabel: { bgcolor: colour("card"), bordercolor: colour("line"), font: { ...text, color: colour("ink") } },
    xaxis: { ...grid, range: [0, Math.max(last, 10)], tickvals: ticks, ticktext: ticks.map(clock), showgrid: false },
    yaxis: {
      ...grid,
      rangemode: "tozero",
      nticks: 5,
      ticksuffix: chart.units ? "" : (chart.suffix ?? ""),
      tickformat: chart.units ? "~s" : ",~g",
      hoverformat: chart.units ? ".3s" : ",.4~g",
    },
  };
}

export class Charts {
  constructor() {
    this.columns = [];
    this.rows = [];
    this.hosts = [];
    this.drawn = false;
    const again = () => this.draw();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
    document.addEventListener("visibilitychange", again);
  }

  // The whole history, or what is new behind it. A point that is still growing replaces itself.
  take(columns, rows, fresh) {
    if (columns) this.columns = columns;
    if (fresh) this.rows = [];
    for (const row of rows) {
      const begins = row[0] - row[1] + 0.001;
      while (this.rows.length && this.rows.at(-1)[0] > begins) this.rows.pop();
      this.rows.push(row);
    }
  }

  draw() {
    if (!window.Plotly || document.hidden) return;
    const last = this.rows.length ? this.rows.at(-1)[0] : 0;
    const times = this.rows.map((row) => row[0]);
    for (const [id, chart] of Object.entries(CHARTS)) {
      const data = chart.lines.map(([column, name, style, dash]) => {
        const at = this.columns.indexOf(column);
        const scale = chart.scale ?? 1;
        return {
          x: times,
          y: this.rows.map((row) => (row[at] === null ? null : row[at] * scale)),
          text: times.map(clock),
          name,
          mode: this.rows.length < 2 || (chart.gaps && this.rows.length < 40) ? "lines+markers" : "lines",
          marker: { size: 3, color: colour(style) },
          line: { color: colour(style), width: 1.8, dash: dash ?? "solid", shape: "linear" },
          connectgaps: false,
          hovertemplate: `%{y}${chart.units ? chart.suffix : ""}`,
        };
      });
      const options = { displayModeBar: false, responsive: true };
      window.Plotly.react(document.getElementById(id), data, layout(chart, last), options);
    }
    if (this.hosts.length) this.drawHosts(last);
    this.drawn = true;
  }

  // Not a column of the history: hosts come and go, and are read every ten seconds.
  drawHosts(last) {
    const data = this.hosts.filter((host) => host.cpu_over_time.length).slice(0, HOST_COLOURS).map((host, place) => ({
      x: host.cpu_over_time.map(([at]) => at),
      y: host.cpu_over_time.map(([, value]) => value),
      text: host.cpu_over_time.map(([at]) => clock(at)),
      name: host.name,
      mode: "lines+markers",
      marker: { size: 3, color: colour(`c${place + 1}`) },
      line: { color: colour(`c${place + 1}`), width: 1.8 },
      hovertemplate: "%{y} %",
    }));
    const options = { displayModeBar: false, responsive: true };
    window.Plotly.react(document.getElementById("host-cpu"), data, layout({ suffix: " %" }, last), options);
  }
}
