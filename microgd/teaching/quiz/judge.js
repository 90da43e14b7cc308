// Judging an answer in a page, by the same rule as quiz.py and answers.py beside this file.
//   judgeAnswer(question, text) -> {kind, sentence}
// `question` is question.to_dict(); kind is "right", "mistake", "wrong" or "unreadable"; sentence
// is the remark or the mistake's sentence, empty where the page says it in words of its own.
function judgeAnswer(question, text) {
  const number = x => typeof x === "number" ? x
    : x === "nan" ? NaN : x === "inf" ? Infinity : -Infinity;
  const near = (given, right, within) => Number.isFinite(right)
    ? Math.abs(given - right) <= within * (1 + 1e-9) + 1e-15 * Math.abs(right)
    : Object.is(given, right);
  const fits = (given, values, within) => given.length === values.length
    && given.every((x, i) => near(x, number(values[i]), within[i]));
  const ways = question.kind === "choice" ? chosen(question.choices, text) : readings(text);
  if (ways.some(way => fits(way, question.answer, question.tolerances)))
    return {kind: "right", sentence: ""};
  for (const also of question.alternatives)
    if (ways.some(way => fits(way, also.values, also.tolerances)))
      return {kind: "right", sentence: also.remark};
  for (const mistake of question.mistakes)
    if (ways.some(way => fits(way, mistake.values, mistake.tolerances)))
      return {kind: "mistake", sentence: mistake.sentence, name: mistake.name};
  const asked = ways.some(way => way.length === question.answer.length);
  return {kind: asked ? "wrong" : "unreadable", sentence: ""};

  function chosen(choices, text) {
    text = text.trim().split(/\s+/).join(" ");
    if (choices.includes(text)) return [[choices.indexOf(text) + 1]];
    const n = /^\d+$/.test(text) ? parseInt(text, 10) : 0;
    return n >= 1 && n <= choices.length ? [[n]] : [];
  }

  function readings(text) {
    const raised = "⁰¹²³⁴⁵⁶⁷⁸⁹";
    text = text.replace(/[\u2212\u2013\u2010\u2011\u207b]/g, "-").replace(/∞/g, "inf");
    text = text.replace(
      /\s*[·×*]\s*10(?:\s*\^\s*|\*\*|(?=[-⁰¹²³⁴⁵⁶⁷⁸⁹]))\s*\(?([-+]?[\d⁰¹²³⁴⁵⁶⁷⁸⁹]+)\)?/g,
      (_, power) => "e" + power.replace(/[⁰-⁹¹²³]/g, c => raised.indexOf(c)));
    text = text.slice(text.lastIndexOf("=") + 1).toLowerCase().trim();
    const grouped = /^[-+]?\d{1,3}(?:\s\d{3})+(?:[.,]\d+)?$/.test(text);
    const whole = grouped ? text.replace(/\s/g, "") : "";
    text = text.replace(/([-+])\s+(?=[\d.,i])/g, "$1").replace(/\s*\/\s*/g, "/");
    text = text.replace(/[()[\]{}]+/g, " ");
    const found = [];
    for (const words of [
      text.split(/[\s;,]+/),
      text.split(/\s*;\s*|,\s+|\s+,|\s+/).map(t => t.replaceAll(",", ".")),
      [whole.replaceAll(",", ".")],
    ]) {
      const numbers = words.filter(Boolean).map(read);
      if (numbers.length && !numbers.includes(null)) found.push(numbers);
    }
    return found;
  }

  function read(word) {
    const [above, below, more] = word.split("/");
    if (below === undefined) return one(above);
    const top = one(above), bottom = more === undefined ? one(below) : null;
    return top === null || !bottom ? null : top / bottom;
  }

  function one(word) {
    const sign = word.startsWith("-") ? -1 : 1, bare = word.replace(/^[-+]/, "");
    if (bare === "inf" || bare === "infinity") return sign * Infinity;
    if (bare === "nan") return NaN;
    return /^(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/.test(bare) ? sign * Number(bare) : null;
  }
}
