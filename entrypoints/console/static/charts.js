// Charts; their data are fetched apart from their page.

import { percent, shows } from "./times.js";

const colours = ["#0b8a7d", "#d1495b", "#3a6ea5", "#b07d12", "#7a4ea3", "#4f8a10", "#c2561a", "#5b6770"];

// A canvas does not resolve CSS variables: an element does it.
function colour(name) {
  const probe = document.body.appendChild(document.createElement("i"));
  probe.className = name;
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

function axis(more) {
  const line = { stroke: colour("chart-line"), width: 1 };
  return { stroke: colour("chart-text"), grid: line, ticks: line, ...more };
}

const draws = {
  bars(data, chart) {
    const bars = uPlot.paths.bars({ size: [0.8, 40] });
    // The chart's own formats of times are American.
    const isLong = data.x.at(-1) - data.x[0] > 86400;
    const short = isLong ? shows.day : shows.hour;
    const apart = isLong ? { incrs: [1, 2, 4, 7, 14, 28, 91, 182].map((days) => days * 86400) } : {};
    const half = data.x.length > 1 ? (data.x[1] - data.x[0]) / 2 : 1800;
    return [
      {
        scales: { x: { range: (_, first, last) => [first - half, last + half] }, y: { range: (_, __, most) => [0, Math.max(1, most)] } },
        axes: [axis({ ...apart, values: (_, ticks) => ticks.map((each) => short.format(each * 1000)) }), axis({ size: 44, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000] })],
        series: [
          { value: (_, seconds) => (seconds == null ? "–" : shows.moment.format(seconds * 1000)) },
          { label: chart.dataset.label, stroke: colours[0], fill: colours[0], paths: bars, points: { show: false } },
        ],
      },
      [data.x, data.contacts],
    ];
  },
  shares(data, chart) {
    const show = (_, share) => (share == null ? "–" : percent.format(share));
    const series = [{ label: chart.dataset.label }];
    const columns = [data.x];
    const bands = [];
    data.operators.forEach((each, index) => {
      const stroke = colours[index % colours.length];
      series.push({ label: each.name, stroke, width: 2, value: show, points: { show: false } });
      columns.push(each.shares);
      series.push({ stroke, width: 1, dash: [6, 4], value: show, points: { show: false }, class: "unlisted" });
      columns.push(data.x.map(() => each.target));
      if (data.band !== null) {
        const edge = { width: 0, points: { show: false }, class: "unlisted" };
        series.push(edge, edge);
        columns.push(data.x.map((n) => Math.min(1, each.target + data.band / n)));
        columns.push(data.x.map((n) => Math.max(0, each.target - data.band / n)));
        bands.push({ series: [series.length - 2, series.length - 1], fill: stroke + "18" });
      }
    });
    return [
      {
        scales: { x: { time: false }, y: { range: [0, Math.min(1, 1.6 * Math.max(0.05, ...data.operators.map((each) => each.target)))] } },
        axes: [axis({ incrs: [1, 2, 5, 10, 20, 50, 100] }), axis({ size: 66, values: (_, ticks) => ticks.map((each) => percent.format(each)) })],
        series,
        bands,
      },
      columns,
    ];
  },
};

async function draw(chart) {
  if (chart.busy) return;
  chart.busy = true;
  try {
    const answer = await fetch(chart.dataset.from);
    if (!answer.ok) return;
    const data = await answer.json();
    if (data.x.length === 0) {
      chart.textContent = chart.dataset.empty ?? "";
      return;
    }
    const [options, columns] = draws[chart.dataset.chart](data, chart);
    chart.plot?.destroy();
    chart.textContent = "";
    chart.plot = new uPlot({ width: chart.clientWidth, height: 260, ...options }, columns, chart);
  } finally {
    chart.busy = false;
  }
}

const charts = () => document.querySelectorAll("[data-chart]");

export function drawCharts() {
  charts().forEach(draw);
}

export function fitCharts() {
  charts().forEach((each) => each.plot?.setSize({ width: each.clientWidth, height: 260 }));
}
