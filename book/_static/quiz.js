// Questions: feedback at once, from the answers that the page carries (see cxedu/book/quiz.py).
(() => {
  "use strict";

  function say(question, right, ...feedback) {
    const status = question.querySelector(".cx-status");
    const verdict = document.createElement("strong");
    verdict.textContent = { true: "Right.", false: "Not yet.", null: "" }[right];
    status.className = `cx-status ${right === null ? "" : right ? "cx-right" : "cx-wrong"}`;
    status.replaceChildren(verdict, ...feedback.filter(Boolean));
  }

  function sentence(text) {
    const paragraph = document.createElement("p");
    paragraph.textContent = text;
    return paragraph;
  }

  const copy = (element) => element && element.cloneNode(true);

  function button(question, label, judge) {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "cx-check";
    made.textContent = label;
    made.addEventListener("click", judge);
    question.querySelector(".cx-status").before(made);
  }

  function options(question) {
    const inputs = [...question.querySelectorAll("input")];
    const answers = [...question.querySelectorAll(".cx-answer li")];
    const correct = answers.map((answer) => answer.dataset.correct === "true");
    const feedback = (i) => copy(answers[i].querySelector(".cx-feedback"));

    if (inputs[0].type === "radio") {
      inputs.forEach((input, i) =>
        input.addEventListener("change", () => say(question, correct[i], feedback(i))),
      );
      return;
    }
    button(question, "Check", () => {
      if (!inputs.some((input) => input.checked)) {
        say(question, null, sentence("Choose at least one option."));
        return;
      }
      const slips = inputs.map((input, i) => i).filter((i) => inputs[i].checked !== correct[i]);
      if (slips.length === 0) {
        say(question, true, ...correct.map((right, i) => right && feedback(i)));
        return;
      }
      // one hint at a time: first a wrong choice, else how many are missing
      const chosen = slips.find((i) => inputs[i].checked);
      const missing = slips.length;
      const hint =
        chosen !== undefined
          ? feedback(chosen)
          : sentence(`What you chose is right, but ${missing} more ${missing === 1 ? "is" : "are"} too.`);
      say(question, false, hint);
    });
  }

  function numeric(question) {
    const input = question.querySelector("input");
    const judged = question.querySelector("[data-judge]");
    const { value, tolerance } = JSON.parse(judged.dataset.judge);
    // numbers written with decimals are never exactly equal in binary
    const close = (x, to) => Math.abs(x - to) <= tolerance + 1e-9 * Math.max(1, Math.abs(to));
    const judge = () => {
      const answer = input.valueAsNumber;
      if (Number.isNaN(answer)) {
        say(question, null, sentence("Type a number."));
        return;
      }
      const right = close(answer, value);
      const near = [...judged.querySelectorAll("[data-near]")].find((mistake) =>
        close(answer, Number(mistake.dataset.near)),
      );
      const when = judged.querySelector(`[data-when="${right ? "correct" : "wrong"}"]`);
      say(question, right, copy(!right && near ? near.querySelector(".cx-feedback") : when));
    };
    button(question, "Check", judge);
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter") judge();
    });
  }

  document.addEventListener("DOMContentLoaded", () => {
    for (const question of document.querySelectorAll(".cx-question")) {
      const kind = question.dataset.kind;
      if (kind === "numeric") numeric(question);
      else if (kind !== "open") options(question);
    }
  });
})();
