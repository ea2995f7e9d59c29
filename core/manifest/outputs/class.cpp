// SPDX-License-Identifier: Apache-2.0
#include "core/base/text.hpp"
#include "core/manifest/outputs/kinds.hpp"

namespace aidp {

OutputKind read_class(Fields& fields, Mistakes& mistakes) {
  ClassOutput classes;
  const auto before = mistakes.count();
  classes.names = read_names(fields, 0, "class", mistakes);
  const bool whole_row = !classes.names.empty() && classes.names.rbegin()->first == static_cast<int>(classes.names.size()) - 1;
  if (mistakes.count() == before && (!whole_row || classes.names.size() < 2))
    mistakes.add(fields.node()["names"], "'names' takes the names of at least two classes, numbered from 0 without a gap");
  const auto flag = fields.take("flag", false);
  if (flag.IsDefined() && !flag.IsSequence()) mistakes.add(flag, "'flag' takes a list of the classes that are flagged, such as [1]");
  if (flag.IsSequence())
    for (const auto& entry : flag) {
      const auto number = whole(entry, 0, label_at_most);
      if (!number || !classes.names.contains(*number)) mistakes.add(entry, "'flag' takes numbers of classes that 'names' has");
      classes.flag.push_back(number.value_or(0));
    }
  return classes;
}

std::string description_of(const ClassOutput& classes) {
  std::vector<std::string> names;
  for (const auto& [number, name] : classes.names) names.push_back(std::to_string(number) + " " + name);
  return "Class of the model: " + join(names, ", ");
}

}  // namespace aidp
