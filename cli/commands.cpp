// SPDX-License-Identifier: Apache-2.0
#include "cli/command.hpp"

namespace aidp {

std::vector<std::unique_ptr<Command>> make_commands() {
  std::vector<std::unique_ptr<Command>> commands;
  for (const auto make : {make_model_install, make_model_import, make_model_list, make_model_show, make_model_verify, make_model_remove,
                          make_validate_manifest, make_validate_model, make_validate_input, make_validate_environment, make_run,
                          make_forget, make_audit_list, make_audit_show, make_audit_verify, make_report_surveillance})
    commands.push_back(make());
  return commands;
}

}  // namespace aidp
