// A line that follows the pointer and tells the figures there. Without it nothing is lost:
// the same figures stand in the table below each chart.
for (const figure of document.querySelectorAll("figure[data-chart]")) {
  const source = figure.querySelector("script[type='application/json']");
  const frame = figure.querySelector(".frame");
  const cursor = figure.querySelector(".cursor");
  if (!source || !frame) continue;
  let chart = null;
  const show = (part) => {
    chart = chart || JSON.parse(source.textContent);
    if (!chart.times.length) return;
    const at = part * chart.duration;
    let best = 0;
    chart.times.forEach((time, n) => {
      if (Math.abs(time - at) < Math.abs(chart.times[best] - at)) best = n;
    });
    const place = chart.times[best] / chart.duration;
    cursor.hidden = false;
    cursor.style.left = place * 100 + "%";
    cursor.classList.toggle("left", place > 0.6);
    const box = document.createElement("div");
    box.append(chart.labels[best]);
    for (const series of chart.series) {
      const line = document.createElement("div");
      line.style.cssText = "all:unset;display:block";
      const dot = document.createElement("i");
      dot.className = series.style;
      line.append(dot, series.name + " " + series.values[best]);
      box.append(line);
    }
    cursor.replaceChildren(box);
  };
  frame.addEventListener("pointermove", (event) => {
    const box = frame.getBoundingClientRect();
    show(Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1));
  });
  frame.addEventListener("pointerleave", () => { cursor.hidden = true; });
}
