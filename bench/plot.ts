import type { Series } from "./bench.ts";

const width = 640;
const height = 400;
const margin = { left: 70, right: 90, top: 40, bottom: 50 };
const colours = ["#1f6feb", "#bf3989", "#1a7f37", "#9a6700"];

/** An SVG drawing of costs by counts, both axes logarithmic: where a line is straight and steep, cost is in proportion. */
export function plot(title: string, all: readonly Series[]): string {
  const points = all.flatMap((series) => series.points);
  const x = axis(
    points.map(({ count }) => count),
    [margin.left, width - margin.right],
  );
  const y = axis(
    points.map(({ ms }) => ms),
    [height - margin.bottom, margin.top],
  );
  const lines = all.map((series, index) => drawSeries(series, { x, y, colour: colours[index % colours.length] ?? "" }));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    text(width / 2, 22, title, "middle"),
    text(width / 2, height - 10, "instances", "middle"),
    ...x.ticks.map((tick) => text(x.at(tick), height - margin.bottom + 18, String(tick), "middle")),
    ...y.ticks.flatMap((tick) => [
      `<path d="M${margin.left} ${y.at(tick)}H${width - margin.right}" stroke="#ddd"/>`,
      text(margin.left - 8, y.at(tick) + 4, `${tick} ms`, "end"),
    ]),
    ...lines,
    "</svg>\n",
  ].join("\n");
}

interface Axis {
  readonly at: (value: number) => number;
  /** The powers of ten from the one below all values to the one above them. */
  readonly ticks: readonly number[];
}

function axis(values: readonly number[], [from, to]: readonly [number, number]): Axis {
  const lowest = Math.floor(Math.log10(Math.min(...values)));
  const highest = Math.max(lowest + 1, Math.ceil(Math.log10(Math.max(...values))));
  return {
    at: (value) => Math.round(from + ((Math.log10(value) - lowest) / (highest - lowest)) * (to - from)),
    ticks: Array.from({ length: highest - lowest + 1 }, (_, index) => 10 ** (lowest + index)),
  };
}

interface Drawing {
  readonly x: Axis;
  readonly y: Axis;
  readonly colour: string;
}

function drawSeries({ name, points }: Series, { x, y, colour }: Drawing): string {
  const places = points.map(({ count, ms }) => `${x.at(count)} ${y.at(ms)}`);
  const last = points.at(-1);
  const label = last ? text(x.at(last.count) + 8, y.at(last.ms) + 4, name, "start", colour) : "";
  return `<path d="M${places.join("L")}" fill="none" stroke="${colour}" stroke-width="2"/>${label}`;
}

function text(x: number, y: number, content: string, anchor: string, colour = "black"): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" fill="${colour}">${content}</text>`;
}
