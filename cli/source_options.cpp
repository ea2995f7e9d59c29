// SPDX-License-Identifier: Apache-2.0
#include "cli/source_options.hpp"

#include "core/base/text.hpp"

namespace aidp {

void SourceOptions::setup(CLI::App& app) {
  app.add_option("PATH", paths_, "Files, folders and DICOMDIRs; may be left out if the worklist has paths");
  app.add_option("--worklist", worklist_, "CSV or JSON lines; only the images that its rows name");
  app.add_flag("--follow-links", sources_.follow_links, "Follow links that lead out of the paths");
  app.add_flag("--group-by-folder", sources_.group_by_folder,
               "Take files without UIDs too: those of a folder are a series; results say so");
  app.add_option("--device", sources_.device, "auto, cpu or cuda:N")->capture_default_str();
  app.add_option("--workers", sources_.workers, "DICOM workers; 0: one per core")->capture_default_str();
  app.add_option("--memory", memory_, "Memory for decoded pixels, from 256M to all RAM; if not given, a quarter of RAM but at most 2G");
}

Sources SourceOptions::read(const Home& home) {
  sources_.home = home;
  sources_.workers = workers();
  sources_.inputs.assign(paths_.begin(), paths_.end());
  if (!worklist_.empty()) sources_.worklist = read_worklist(worklist_);
  if (!memory_.empty()) sources_.memory_bytes = parse_bytes(memory_);
  return sources_;
}

int SourceOptions::workers() const {
  if (sources_.workers < 0 || sources_.workers > 256)
    throw Error(Reason::usage, "--workers takes 0 to 256", "leave it out for one per core");
  return sources_.workers;
}

}  // namespace aidp
