"use strict";
// Losses over steps: curves, the band that all pictures fill, and a range that reads values off.

const SVG = "http://www.w3.org/2000/svg";
const MARGIN = {left: 56, right: 14, top: 10, bottom: 32};
const redrawings = new WeakMap();
const resized = new ResizeObserver(entries => { for (const {target} of entries) redrawings.get(target)?.(); });

function svgElement(tag, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** Draw curves ({name, steps, losses, href?}) over a band ({steps, losses}, a row a quantile, or null) into an element. */
function drawChart(host, some, band, {height}) {
  const drawn = some.length || band;
  const rows = [...some, ...(band ? band.losses.map(losses => ({steps: band.steps, losses})) : [])];
  const values = rows.flatMap(row => row.losses);
  const [low, high] = [values.reduce((a, b) => Math.min(a, b), Infinity), values.reduce((a, b) => Math.max(a, b), -Infinity)];
  const last = Math.max(...rows.map(row => row.steps.at(-1)));
  const first = Math.min(...rows.map(row => row.steps[0]));
  if (!drawn) return host.replaceChildren();

  const canvas = element("div", {className: "canvas"});
  const range = element("input", {type: "range", min: first, max: last, value: last});
  const output = element("span", {className: "value"});
  const log = element("input", {type: "checkbox", checked: low > 0, disabled: low <= 0});
  const legend = element("ul", {className: "legend"}, ...some.map(legendEntry), ...(band ? bandEntries() : []));
  let svg, frame;

  function paint() {
    frame = frameOf(canvas.clientWidth, height, [first, last], [low, high], log.checked);
    svg = svgElement("svg", {width: frame.width, height, role: "img", "aria-label": described(some, band, first, last)},
      ...axes(frame), ...(band ? bandAreas(band, frame) : []), ...some.map((curve, i) => path(curve, frame, `curve c${i % 8}`)),
      svgElement("line", {class: "cursor", y1: MARGIN.top, y2: height - MARGIN.bottom}));
    svg.addEventListener("pointermove", event => { range.value = frame.step(event.offsetX); read(); });
    canvas.replaceChildren(svg);
    read();
  }

  function read() {
    const step = Number(range.value);
    for (const attribute of ["x1", "x2"]) svg.querySelector(".cursor").setAttribute(attribute, frame.x(step));
    const readings = some.map(curve => valueAt(curve, step));
    some.forEach((curve, i) => { legend.children[i].querySelector(".value").textContent = reading(readings[i]); });
    output.textContent = step;
    range.ariaValueText = `step ${step}: ${some.map((curve, i) => `${curve.name} ${reading(readings[i])}`).join(", ")}`;
  }

  some.forEach((curve, i) => {
    for (const [event, on] of [["pointerenter", true], ["pointerleave", false], ["focusin", true], ["focusout", false]]) {
      legend.children[i].addEventListener(event, () => {
        svg.classList.toggle("dimmed", on);
        svg.querySelectorAll(".curve")[i].classList.toggle("strong", on);
      });
    }
  });
  range.addEventListener("input", read);
  log.addEventListener("change", paint);
  host.replaceChildren(canvas,
    element("div", {className: "tools"}, element("label", {className: "grow"}, "Step ", range, " ", output),
      element("label", {className: "check"}, log, " Logarithmic")), legend);
  redrawings.set(canvas, paint);
  resized.observe(canvas); // calls paint at once, and whenever the width changes
}

function legendEntry(curve, i) {
  const name = curve.href ? element("a", {href: curve.href}, curve.name) : element("span", {}, curve.name);
  return element("li", {}, element("span", {className: `swatch c${i % 8}`}), name, element("span", {className: "value"}));
}

function bandEntries() {
  return [["half", "half of all pictures, and their median"], ["most", "nine in ten"]].map(([kind, text]) =>
    element("li", {}, element("span", {className: `swatch ${kind}`}), element("span", {}, text)));
}

function described(some, band, first, last) {
  const ends = some.map(curve => `${curve.name} from ${reading(curve.losses[0])} to ${reading(curve.losses.at(-1))}`);
  return `Loss over steps ${first} to ${last}. ${ends.join("; ")}${band ? "; quantiles of all pictures behind" : ""}.`;
}

/** Map steps and losses to pixels. */
function frameOf(width, height, [first, last], [low, high], logarithmic) {
  const bend = logarithmic ? Math.log : value => value;
  const [bottom, top] = high > low ? [bend(low), bend(high)] : [bend(low) - 1, bend(low) + 1];
  const [w, h] = [width - MARGIN.left - MARGIN.right, height - MARGIN.top - MARGIN.bottom];
  const length = Math.max(last - first, 1);
  return {
    width, height, first, last, low, high, logarithmic,
    x: step => MARGIN.left + w * (step - first) / length,
    y: value => MARGIN.top + h * (top - bend(value)) / (top - bottom),
    step: x => Math.round(first + length * Math.min(Math.max((x - MARGIN.left) / w, 0), 1)),
  };
}

function axes(frame) {
  const {width, height} = frame;
  const across = ticks(frame.first, frame.last, width / 90).map(step => [
    svgElement("text", {x: frame.x(step), y: height - 10, class: "middle"}, step)]);
  const losses = frame.logarithmic ? logTicks(frame.low, frame.high) : ticks(frame.low, frame.high, height / 60);
  const up = losses.map(value => [
    svgElement("line", {class: "grid", x1: MARGIN.left, x2: width - MARGIN.right, y1: frame.y(value), y2: frame.y(value)}),
    svgElement("text", {x: MARGIN.left - 8, y: frame.y(value) + 4, class: "end"}, shortened(value))]);
  return [...across, ...up].flat();
}

/** Choose about so many round numbers. */
function ticks(low, high, wanted) {
  const rough = (high - low) / Math.max(wanted, 2);
  if (!(rough > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(rough));
  const spacing = [1, 2, 5, 10].map(factor => factor * power).find(candidate => candidate >= rough);
  const count = Math.floor(high / spacing + 1e-9) - Math.ceil(low / spacing - 1e-9) + 1;
  return Array.from({length: count}, (_, i) => Number(((Math.ceil(low / spacing - 1e-9) + i) * spacing).toPrecision(12)));
}

function logTicks(low, high) {
  const found = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
    found.push(...[1, 2, 5].map(factor => factor * 10 ** power).filter(value => value >= low && value <= high));
  }
  return found.length > 1 ? found : ticks(low, high, 4);
}

function points({steps, losses}, frame) {
  return steps.map((step, i) => `${frame.x(step).toFixed(1)},${frame.y(losses[i]).toFixed(1)}`);
}

const path = (curve, frame, kind) => svgElement("path", {class: kind, d: `M${points(curve, frame).join("L")}`});

/** Fill between the outer and between the inner quantiles; the middle one is a line. */
function bandAreas({steps, losses}, frame) {
  const edges = losses.map(row => points({steps, losses: row}, frame));
  const area = (lower, upper, kind) => svgElement("path", {class: kind, d: `M${[...edges[lower], ...edges[upper].reverse()].join("L")}Z`});
  return [area(0, 4, "most"), area(1, 3, "half"), svgElement("path", {class: "median", d: `M${edges[2].join("L")}`})];
}

/** Read a curve at the nearest step that it has. */
function valueAt({steps, losses}, step) {
  let best = 0;
  steps.forEach((candidate, i) => { if (Math.abs(candidate - step) < Math.abs(steps[best] - step)) best = i; });
  return losses[best];
}

const shortened = value => String(Number(value.toPrecision(3)));
const reading = value => Math.abs(value) < 1000 ? value.toPrecision(3) : value.toFixed(0);

function startCurves() {
  const {examples, band} = report.curves;
  if (!examples.length) return;
  byId("curves").hidden = false;
  const some = examples.map(index => ({
    name: report.names[index], steps: curves.get(index)[0], losses: curves.get(index)[1], href: link(index),
  }));
  drawChart(byId("chart"), some, band, {height: 360});
}
