"use strict";
// One picture: opened by the page's address (#picture=NAME), so that it can be linked to.

const viewer = byId("viewer");

/** Give the number of the picture that the address names; undefined if it names none that is here. */
function addressed() {
  const [key, name] = location.hash.slice(1).split("=", 2);
  try {
    return key === "picture" ? indices.get(decodeURIComponent(name ?? "")) : undefined;
  } catch {
    return undefined; // a "%" that stands for nothing
  }
}

function route() {
  const index = addressed();
  if (index === undefined) viewer.close();
  else show(index);
}

function show(index) {
  byId("viewer-name").textContent = report.names[index];
  const place = list.shown.indexOf(index);
  byId("viewer-place").textContent = place < 0 ? "not in the list" : `${(place + 1).toLocaleString("en")} of ${list.shown.length.toLocaleString("en")}`;
  byId("previous").disabled = place <= 0;
  byId("next").disabled = place < 0 || place === list.shown.length - 1;
  byId("viewer-facts").replaceChildren(...facts(index));
  const note = report.notes[index];
  byId("viewer-note").hidden = !note;
  byId("viewer-note").textContent = note ? `There is no target to compare with: ${note}` : "";
  byId("viewer-file").textContent = report.files[index] ? `Target: ${report.files[index]}` : "";
  showPictures(index);
  showCurve(index);
  if (!viewer.open) {
    viewer.showModal();
    byId("viewer-name").focus();
  }
}

function facts(index) {
  const rows = report.columns.map(column => [column.title, formatted(column.key, index), column.about]);
  rows.unshift(["status", report.statuses[index], ""]);
  if (report.verdicts) rows.push(["verdict", report.verdicts[index], "On editing it, from typicality and PSNR."]);
  return rows.map(([key, value, about]) => element("div", {title: about}, element("dt", {}, key), element("dd", {}, value)));
}

async function showCurve(index) {
  const curve = await curveOf(index);
  if (addressed() !== index) return; // another one was asked for meanwhile
  const some = curve ? [{name: report.names[index], steps: curve[0], losses: curve[1]}] : [];
  drawChart(byId("viewer-chart"), some, report.curves.band, {height: 200});
}

/** Move along the list; the address changes without a new entry in the history. */
function step(by) {
  const next = list.shown[list.shown.indexOf(compare.index) + by];
  if (next !== undefined) location.replace(link(next));
}

function startViewer() {
  addEventListener("hashchange", route);
  byId("previous").addEventListener("click", () => step(-1));
  byId("next").addEventListener("click", () => step(1));
  byId("close").addEventListener("click", () => viewer.close());
  viewer.addEventListener("click", event => { if (event.target === viewer) viewer.close(); }); // beside it
  viewer.addEventListener("keydown", event => {
    if (event.target.matches("input, .view") || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === "ArrowLeft") step(-1);
    if (event.key === "ArrowRight") step(1);
  });
  viewer.addEventListener("close", leave);
  route();
}

/** Go back to the list, to the picture that was looked at. */
function leave() {
  if (addressed() !== undefined) history.replaceState(null, "", "#");
  const place = list.shown.indexOf(compare.index);
  if (place < 0) return;
  turnTo(Math.floor(place / PER_PAGE));
  document.querySelector(`#pictures a[href="${CSS.escape(link(compare.index))}"]`)?.focus();
}
