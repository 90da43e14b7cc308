// The quiz: each number is asked for before it appears. judgeAnswer() is judge.js.
let quiz = data.quiz;
const solved = new Map(); // step → whether its first answer was right
let question = 0; // of a step that has several
let hints = 0;
let tried = false;

const questions = (step) => data.questions[step] ?? [];
const pending = (step) => quiz && questions(step).length > 0 && !solved.has(step);

function showQuestion(asking) {
  find("quiz").setAttribute("aria-pressed", quiz);
  document.body.classList.toggle("quiz", quiz);
  find("ask").hidden = !asking;
  const firsts = [...solved.values()];
  find("score").textContent = quiz && firsts.length
    ? fill(words.score, { right: firsts.filter(Boolean).length, n: firsts.length }) : "";
  if (!asking) return;
  const now = questions(at)[question = 0];
  tried = false;
  pose(now);
}

function pose(now) {
  hints = 0;
  find("prompt").textContent = now.prompt;
  find("hints").replaceChildren();
  find("hint").disabled = !now.hints.length;
  verdict("", "");
  const choice = now.kind === "choice";
  find("typed").hidden = choice;
  find("choices").hidden = !choice;
  find("answer").value = "";
  find("choices").replaceChildren(...now.choices.map((text, i) =>
    make("label", {}, make("input", { type: "radio", name: "choice", value: String(i + 1) }), text)));
  if (!choice && !matchMedia("(hover: none)").matches) find("answer").focus({ preventScroll: true });
}

function verdict(text, kind) {
  find("verdict").textContent = text;
  find("verdict").className = kind;
}

function answer(event) {
  event.preventDefault();
  const now = questions(at)[question];
  if (find("ask").hidden) return;
  const given = now.kind === "choice" ? document.querySelector("#choices input:checked")?.value ?? "" : find("answer").value.trim();
  if (!given) return;
  const { kind, sentence, name } = judgeAnswer(now, given);
  if (kind === "unreadable") return verdict(fill(data.verdicts.unreadable, { given }), "no");
  if (kind === "right") return settle(!tried, sentence || data.verdicts.right);
  tried = true;
  find("verdict").dataset.mistake = name ?? "";
  verdict(kind === "mistake" ? fill(data.verdicts.mistake, { mistake: sentence }) : data.verdicts.wrong, "no");
  find("answer").select();
}

function hint() {
  const now = questions(at)[question];
  if (hints >= now.hints.length) return;
  find("hints").append(make("li", {}, now.hints[hints++]));
  find("hint").disabled = hints >= now.hints.length;
  tried = true;
}

// The number appears; what was said of the answer stays beside it until the next step.
function settle(right, said) {
  if (question + 1 < questions(at).length) {
    pose(questions(at)[++question]);
    return verdict(said, right ? "yes" : "");
  }
  solved.set(at, right);
  go(at);
  find("sentence").classList.remove("unseen");
  find("sentence").textContent = `${said} ${steps[at].sentence}`;
  find("next").focus({ preventScroll: true });
}

function setQuiz(on) {
  quiz = on;
  if (!on) solved.clear();
  go(on && at === final ? 0 : at);
}

find("ask").onsubmit = answer;
find("hint").onclick = hint;
find("show").onclick = () => !find("ask").hidden && settle(false, fill(words.shown, { answer: questions(at)[question].shown }));
find("quiz").onclick = () => setQuiz(!quiz);
