// Explorers: show the frame that the controls ask for. The frames are in the page (see cxedu/book/explore.py).
(() => {
  "use strict";

  const json = (figure, name) => JSON.parse(figure.querySelector(`script.${name}`).textContent);

  function start(figure) {
    const { parts, frames } = json(figure, "cx-frames");
    const sentences = json(figure, "cx-sentences");
    const picture = figure.querySelector(".cx-frame");
    const sentence = figure.querySelector(".cx-sentence");
    const controls = [...figure.querySelectorAll(".cx-controls input, .cx-controls select")];
    const size = (control) =>
      control.tagName === "SELECT" ? control.options.length : Number(control.max) + 1;
    const place = (control) =>
      control.tagName === "SELECT" ? control.selectedIndex : Number(control.value);

    function update() {
      // the last control moves fastest, as in itertools.product
      const frame = controls.reduce((sum, control) => sum * size(control) + place(control), 0);
      picture.innerHTML = frames[frame].map((part) => parts[part]).join("");
      picture.setAttribute("aria-label", sentences[frame]);
      sentence.textContent = sentences[frame];
      for (const control of controls.filter((c) => c.type === "range")) {
        const text = JSON.parse(control.dataset.texts)[place(control)];
        control.setAttribute("aria-valuetext", text);
        control.parentElement.querySelector(".cx-value").textContent = text;
      }
    }

    for (const control of controls) control.addEventListener("input", update);
    figure.querySelector(".cx-controls").hidden = false;
    update();
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("figure.cx-explore").forEach(start);
  });
})();
