"use strict";
// Two pictures on a stage: a slider between them, side by side, or their difference. Each view scrolls when it is
// zoomed into, and all of them together.

const compare = {index: null, mode: "slide"};

function showPictures(index) {
  compare.index = index;
  drawStage();
}

function drawStage() {
  const {index} = compare;
  const both = has(index, "target");
  const mode = both ? compare.mode : "beside";
  byId("compare-tools").hidden = !both;
  byId("slide-label").hidden = mode !== "slide";
  byId("gain-label").hidden = mode !== "difference";
  byId("stage").dataset.mode = mode;
  byId("stage").replaceChildren(...{slide, beside, difference: apart}[mode](index));
}

/** Make a view of some layers, with words on it that do not scroll away. */
function view(about, layers, ...captions) {
  const scroller = element("div", {className: "view", tabIndex: 0, role: "region", ariaLabel: about},
    element("div", {className: "sized"}, ...layers));
  scroller.addEventListener("scroll", () => scrollLike(scroller));
  return element("div", {className: "frame"}, scroller,
    ...captions.map(text => element("span", {className: "caption", ariaHidden: "true"}, text)));
}

function slide(index) {
  const name = report.names[index];
  return [view(`${name}, target and embedding`, [
    picture(index, "embedding", `embedding of ${name}, right of the line`),
    picture(index, "target", `target of ${name}, left of the line`),
    element("span", {className: "line"})], "target", "embedding")];
}

const beside = index => ["target", "embedding"].filter(role => has(index, role)).map(role =>
  view(`${report.names[index]}, ${role}`, [picture(index, role, `${role} of ${report.names[index]}`)], role));

const apart = index => [view(`${report.names[index]}, difference`, [difference(index)])];

const views = () => [...document.querySelectorAll("#stage .view")];

function scrollLike(one) {
  for (const other of views()) {
    if (other.scrollLeft !== one.scrollLeft) other.scrollLeft = one.scrollLeft;
    if (other.scrollTop !== one.scrollTop) other.scrollTop = one.scrollTop;
  }
}

/** Enlarge, and keep what is in the middle there. */
function zoomTo(factor) {
  const middles = views().map(one => [one, (one.scrollLeft + one.clientWidth / 2) / one.scrollWidth,
    (one.scrollTop + one.clientHeight / 2) / one.scrollHeight]);
  byId("zoom-value").textContent = factor;
  byId("stage").style.setProperty("--zoom", factor);
  byId("stage").classList.toggle("zoomed", factor > 1);
  for (const [one, across, down] of middles) {
    one.scrollLeft = across * one.scrollWidth - one.clientWidth / 2;
    one.scrollTop = down * one.scrollHeight - one.clientHeight / 2;
  }
}

/** Move the line; the range does it for keys, the pointer on the picture itself. */
function slideTo(percent) {
  byId("slide").value = percent;
  byId("stage").style.setProperty("--slide", `${byId("slide").value}%`);
}

function follow(event) {
  const sized = event.target.closest(".sized");
  const scrolls = event.pointerType === "touch" && byId("zoom").value > 1 && !event.target.matches(".line");
  if (byId("stage").dataset.mode !== "slide" || !sized || scrolls) return;
  event.preventDefault();
  const box = sized.getBoundingClientRect();
  slideTo(100 * (event.clientX - box.left) / box.width);
}

function startCompare() {
  for (const choice of document.querySelectorAll("[name=mode]")) {
    choice.addEventListener("change", () => { compare.mode = choice.value; drawStage(); });
  }
  byId("slide").addEventListener("input", event => slideTo(event.target.value));
  byId("gain").addEventListener("input", event => {
    byId("gain-value").textContent = event.target.value;
    byId("stage").style.setProperty("--gain", event.target.value);
  });
  byId("zoom").addEventListener("input", event => zoomTo(Number(event.target.value)));
  byId("sharp").addEventListener("change", event => byId("stage").classList.toggle("sharp", event.target.checked));
  byId("stage").addEventListener("pointerdown", follow);
  byId("stage").addEventListener("pointermove", event => { if (event.buttons) follow(event); });
}
