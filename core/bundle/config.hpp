// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace aidp {

// A configuration of a MONAI bundle (monai.bundle.ConfigParser), read as data: nothing of it is run. Ids are as MONAI's:
// preprocessing::transforms::2.
class BundleConfig {
 public:
  // JSON, or YAML where the file's name says so. Throws Error(package_invalid, manifest_invalid).
  BundleConfig(const std::string& text, std::string file);
  // Takes over the values of another, as MONAI does with a list of configurations: its ids replace or add what they name. Throws
  // Error(package_invalid) where an id leads nowhere.
  void lay_over(const BundleConfig& other);

  // The value at an id as it is written; null where there is none.
  const nlohmann::json* find(const std::string& id) const;
  bool has(const std::string& id) const { return find(id) != nullptr; }
  // The value at an id or below a map, as resolved() gives it; null where there is none.
  nlohmann::json value(const std::string& id) const;
  // A value with references (@id) and simple expressions ($...) followed until it is neither; what lies in it stays as it is.
  nlohmann::json followed(const nlohmann::json& value, const std::string& place, int depth = 0) const;
  // The same for all that lies in it. What cannot be worked out without Python is refused.
  nlohmann::json resolved(const nlohmann::json& value, const std::string& place, int depth = 0) const;

  // The _target_ of a component; empty where it has none.
  static std::string target_of(const nlohmann::json& component);

  const std::string& file() const { return file_; }
  // Throws Error(package_invalid) with the place; the remedy is to change the bundle unless another is given.
  [[noreturn]] void refuse(const std::string& place, const std::string& why, const std::string& remedy = "") const;

 private:
  nlohmann::json referred(const std::string& id, const std::string& place, int depth) const;
  void set(const std::string& id, const nlohmann::json& value);

  std::string file_;
  nlohmann::json root_;
};

// Works out an expression, without its $: numbers, texts, lists, True, False, None, types such as torch.float32, CommonKeys, @references,
// sums of them, `not A` and `A if B else C`. Any other is refused with its text.
nlohmann::json evaluate(const BundleConfig& config, const std::string& expression, const std::string& place, int depth);

}  // namespace aidp
