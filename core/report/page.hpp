// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "core/report/markup.hpp"

namespace aidp {

// The parts that every report for people is made of, drawn by one style sheet.

// The whole file: no script, nothing fetched; the browser is told to allow neither.
std::string html_page(const std::string& title, const Markup& body);

// The first row is the heading. With `numbers`, columns from the second on are numbers.
using Rows = std::vector<std::vector<std::string>>;
Markup table(const Rows& rows, bool numbers = true);

// A box with a title that says what is to be learnt, a line below it and the content.
Markup section(const std::string& title, const std::string& subtitle, const Markup& content);
// The same for a chart, with its figures in a table that folds out.
Markup chart_section(const std::string& title, const std::string& subtitle, const Markup& chart, const Rows& figures);

// One figure, large.
Markup card(const std::string& name, const std::string& value, const std::string& more);

}  // namespace aidp
