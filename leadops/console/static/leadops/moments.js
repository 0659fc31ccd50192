// Shows every <time datetime> in the viewer's zone, exact on hover. data-show says how: clock, minute, moment,
// date, ago ("5 min ago") or due ("in 22 min", "5 min late"); the last two go on counting.
"use strict";
{
  const formats = {
    clock: { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" },
    minute: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
    moment: { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
    date: { day: "numeric", month: "short", year: "numeric" },
  };
  const exact = { dateStyle: "full", timeStyle: "long" };
  const language = document.documentElement.lang || "en";
  const show = (at, format) => new Intl.DateTimeFormat(language, format).format(at);

  const span = (seconds) => {
    if (seconds < 60) return `${Math.floor(seconds)} s`;
    const minutes = Math.floor(seconds / 60);
    if (minutes < 60) return `${minutes} min`;
    const hours = Math.floor(minutes / 60);
    if (hours < 48) return minutes % 60 && hours < 10 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
    return `${Math.floor(hours / 24)} days`;
  };

  const words = {
    ago: (past, text) => (past < 2 ? "just now" : `${text} ago`),
    due: (past, text) => (past > 0 ? `${text} late` : `in ${text}`),
  };

  const tell = (element) => {
    const at = new Date(element.getAttribute("datetime"));
    if (Number.isNaN(at.getTime())) return;
    const how = element.dataset.show || "moment";
    const past = (Date.now() - at.getTime()) / 1000;
    element.title = show(at, exact);
    element.textContent = words[how] ? words[how](past, span(Math.abs(past))) : show(at, formats[how] || formats.moment);
    if (how === "due") element.closest("[data-late]")?.setAttribute("data-late", past > 0 ? "yes" : "no");
  };

  const tellAll = (root) => root.querySelectorAll("time[datetime]").forEach(tell);

  // Charts are drawn on load: their labels are instants until then.
  const tellLabels = (where, format) => {
    for (const canvas of document.querySelectorAll(`[${where}] canvas.chart`)) {
      const data = JSON.parse(canvas.dataset.value);
      data.labels = data.labels.map((at) => show(new Date(at), format));
      canvas.dataset.value = JSON.stringify(data);
    }
  };

  document.addEventListener("DOMContentLoaded", () => {
    tellAll(document);
    tellLabels("data-hour-labels", formats.minute);
    tellLabels("data-date-labels", formats.moment);
    document.addEventListener("htmx:afterSwap", (event) => tellAll(event.target));
    setInterval(() => {
      document.querySelectorAll('time[data-show="ago"], time[data-show="due"]').forEach(tell);
    }, 10000);
  });
}
