"use strict";
(function () {
  var root = document.documentElement, said = document.getElementById("said");
  var theme = document.getElementById("theme");
  var dark = window.matchMedia("(prefers-color-scheme: dark)");
  function isDark() { return root.dataset.theme ? root.dataset.theme === "dark" : dark.matches; }
  function show() { theme.setAttribute("aria-pressed", String(isDark())); }
  theme.hidden = false;
  theme.addEventListener("click", function () { root.dataset.theme = isDark() ? "light" : "dark"; show(); });
  dark.addEventListener("change", show);
  show();
  function key(cell) {
    var text = cell.textContent.trim();
    return { number: Number(cell.dataset.v || (text === "" ? NaN : text)), text: text };
  }
  document.querySelectorAll("button.sort").forEach(function (button) {
    var head = button.parentElement, table = head.closest("table");
    button.addEventListener("click", function () {
      var down = head.getAttribute("aria-sort") === "ascending" ||
        (head.classList.contains("n") && !head.hasAttribute("aria-sort"));
      var sign = down ? -1 : 1, place = head.cellIndex, body = table.tBodies[0];
      var rows = Array.from(body.rows).map(function (row) { return [row, key(row.cells[place])]; });
      rows.sort(function (one, other) {
        var a = one[1], b = other[1], known = Number(isNaN(a.number)) - Number(isNaN(b.number));
        if (head.classList.contains("n") && (known || !isNaN(a.number))) return known || sign * (a.number - b.number);
        return sign * a.text.localeCompare(b.text, undefined, { numeric: true });
      });
      rows.forEach(function (row) { body.appendChild(row[0]); });
      table.querySelectorAll("th[aria-sort]").forEach(function (each) { each.removeAttribute("aria-sort"); });
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      said.textContent = "Sorted by " + button.textContent + (down ? ", descending" : ", ascending");
    });
  });
})();
