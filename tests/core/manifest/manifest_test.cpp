// SPDX-License-Identifier: Apache-2.0
#include "core/manifest/manifest.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "core/base/error.hpp"
#include "tests/catch.hpp"

using namespace aidp;

namespace {
const std::string sound = R"(schema: aidp.model/1
name: test-model
version: 1.0.0
title: A test
vendor: tests
contact: none
licence: MIT
intended_use: Tests only.
regulatory_status: research-use-only
artifact: {kind: torchscript, file: model.ts}
input:
  unit: instance
  select:
    - {attribute: Modality, equals: CT}
preprocess:
  - ScaleIntensityRange: {a_min: 0, a_max: 1}
outputs:
  - {name: score, kind: score}
)";

std::string with(const std::string& from, const std::string& to) {
  auto text = sound;
  return text.replace(text.find(from), from.size(), to);
}

std::string mistakes_of(const std::string& yaml) try {
  parse_manifest(yaml, "m.yaml");
  return "";
} catch (const Error& error) {
  CHECK(error.reason() == Reason::manifest_invalid);
  return error.what();
}

bool eligible(const std::string& rule, const nlohmann::json& attributes) {
  return select(parse_manifest(with("{attribute: Modality, equals: CT}", rule), "m.yaml"), attributes).eligible;
}
}  // namespace

TEST_CASE("a VOI is asked for of grey values alone") {
  CHECK(parse_manifest(with("unit: instance", "unit: instance\n  voi: apply"), "m.yaml").voi);
  CHECK_FALSE(parse_manifest(with("unit: instance", "unit: instance\n  voi: ignore"), "m.yaml").voi);
  CHECK_THAT(mistakes_of(with("unit: instance", "unit: instance\n  voi: apply\n  channels: 3")),
             Catch::Contains("'voi' applies to grey values: it needs 'channels: 1'"));
  CHECK_THAT(mistakes_of(with("unit: instance", "unit: instance\n  voi: window")), Catch::Contains("ignore"));
}

TEST_CASE("a sound manifest is read with its defaults") {
  const auto manifest = parse_manifest(sound, "m.yaml");
  CHECK(manifest.id() == "test-model@1.0.0");
  CHECK(manifest.batch_max == 32);
  CHECK(manifest.preprocess.at(0).arguments.at("clip") == false);
  CHECK_FALSE(manifest.preprocess.at(0).arguments.contains("b_max"));
  CHECK_FALSE(manifest.inferer);
}

TEST_CASE("one number stands for every axis, and an axis too many is refused") {
  const auto manifest = parse_manifest(with("ScaleIntensityRange: {a_min: 0, a_max: 1}", "SpatialPad: {spatial_size: 64}"), "m.yaml");
  CHECK(manifest.preprocess.at(0).arguments.at("spatial_size") == nlohmann::json{64, 64});
  CHECK_THAT(mistakes_of(with("ScaleIntensityRange: {a_min: 0, a_max: 1}", "SpatialPad: {spatial_size: [64, 64, 64]}")),
             Catch::Contains("'spatial_size' of SpatialPad must be a whole number from -1 to 16384, or a list of 2, one for each axis"));
}

TEST_CASE("arguments that exclude each other or lie outside their range are named") {
  const auto mistakes = [](const std::string& step) { return mistakes_of(with("ScaleIntensityRange: {a_min: 0, a_max: 1}", step)); };
  CHECK_THAT(mistakes("ScaleIntensityRange: {a_min: 0, a_max: 1, clip: true}"), Catch::Contains("'clip' needs 'b_min' or 'b_max'"));
  CHECK_THAT(mistakes("ScaleIntensityRangePercentiles: {lower: 1, upper: 101}"), Catch::Contains("a number from 0 to 100"));
  CHECK_THAT(mistakes("Rotate90: {spatial_axes: [0, 2]}"), Catch::Contains("two different axes from -2 to 1"));
  CHECK_THAT(mistakes("NormalizeIntensity: {subtrahend: [1, 2]}"), Catch::Contains("for each channel if channel_wise is true"));
  CHECK_THAT(mistakes("Spacing: {pixdim: [1, 1]}"), Catch::Contains("Spacing needs a volume"));
}

TEST_CASE("sliding windows are read with MONAI's defaults") {
  const auto manifest = parse_manifest(with("outputs:", "inferer: {kind: sliding_window, roi_size: [96, -1]}\noutputs:"), "m.yaml");
  const auto& arguments = manifest.inferer.value().arguments;
  CHECK(arguments.at("roi_size") == nlohmann::json{96, -1});
  CHECK(arguments.at("overlap") == nlohmann::json{0.25, 0.25});
  CHECK(arguments.at("mode") == "constant");
  CHECK_THAT(mistakes_of(with("outputs:", "inferer: {kind: sliding_window, roi_size: 96, overlap: 1}\noutputs:")),
             Catch::Contains("from 0 to below 1"));
}

TEST_CASE("windows of slices are one voxel thick") {
  auto text = with("outputs:", "inferer: {kind: slices, roi_size: [96, 64], spatial_dim: 1, overlap: 0.5}\noutputs:");
  CHECK_THAT(mistakes_of(text), Catch::Contains("the inferer 'slices' needs a volume: 'unit: series'"));
  text.replace(text.find("unit: instance"), 14, "unit: series");
  const auto manifest = parse_manifest(text, "m.yaml");
  const auto& arguments = manifest.inferer.value().arguments;
  CHECK(arguments.at("roi_size") == nlohmann::json{96, 1, 64});
  CHECK(arguments.at("overlap") == nlohmann::json{0.5, 0, 0.5});
}

TEST_CASE("mistakes of an inferer are named with those of the steps") {
  const auto mistakes = [](const std::string& inferer) {
    return mistakes_of(with("a_min: 0, a_max: 1}", "a_min: 0, a_max: x}\ninferer: " + inferer));
  };
  CHECK_THAT(mistakes("{kind: sliding_window, mode: gauss, roi: 9}"),
             Catch::Contains("'a_max' of ScaleIntensityRange must be a number") && Catch::Contains("inferer lacks 'roi_size'") &&
                 Catch::Contains("one of constant, gaussian") && Catch::Contains("the key 'roi' is not allowed") &&
                 Catch::Contains("4 mistakes"));
  CHECK_THAT(mistakes("sliding_window"), Catch::Contains("m.yaml:17:10: inferer must be a map"));
  CHECK_THAT(mistakes("{kind: simple, roi_size: 9}"), Catch::Contains("the key 'roi_size' is not allowed"));
  CHECK_FALSE(parse_manifest(sound + "inferer: {kind: simple}\n", "m.yaml").inferer);
}

TEST_CASE("null stands for an argument that is not given, where there is no default") {
  const auto manifest = parse_manifest(with("a_min: 0, a_max: 1}", "a_min: 0, a_max: 1, b_min: null}"), "m.yaml");
  CHECK_FALSE(manifest.preprocess.at(0).arguments.contains("b_min"));
  CHECK_THAT(mistakes_of(with("a_max: 1}", "a_max: null}")), Catch::Contains("'a_max' of ScaleIntensityRange must be a number"));
  CHECK_THAT(mistakes_of(with("a_max: 1}", "a_max: 1, clip: null}")), Catch::Contains("must be true or false"));
}

TEST_CASE("a spacing keeps an axis by 0 or -1, and is never next to nothing") {
  const auto spacing = [](const std::string& pixdim) {
    auto text = with("ScaleIntensityRange: {a_min: 0, a_max: 1}", "Spacing: {pixdim: " + pixdim + "}");
    return text.replace(text.find("unit: instance"), 14, "unit: series");
  };
  CHECK(parse_manifest(spacing("[1, 0, -1]"), "m.yaml").preprocess.at(0).arguments.at("pixdim") == nlohmann::json{1, 0, -1});
  CHECK_THAT(mistakes_of(spacing("0.0001")), Catch::Contains("'pixdim' takes mm of at least 0.001"));
  CHECK_THAT(mistakes_of(spacing("1001")), Catch::Contains("a number from -1 to 1000, or a list of 3, one for each axis"));
}

TEST_CASE("a mistake is named with its file, line and column, and what is allowed") {
  CHECK_THAT(mistakes_of(with("kind: score", "kind: scor")), Catch::Contains("m.yaml:18:25:") &&
                                                                 Catch::Contains("allowed: score, class, mask, volume") &&
                                                                 Catch::Contains("did you mean 'score'?"));
  CHECK_THAT(mistakes_of(with("title:", "titel:")),
             Catch::Contains("m.yaml:4:1:") && Catch::Contains("did you mean 'title'?") && Catch::Contains("lacks 'title'"));
  CHECK_THAT(mistakes_of(with("ScaleIntensityRange", "ScaleIntensityRang")), Catch::Contains("did you mean 'ScaleIntensityRange'?"));
  CHECK_THAT(mistakes_of(with("a_min: 0, ", "")), Catch::Contains("lacks 'a_min'"));
  CHECK_THAT(mistakes_of(with("model.ts", "../model.ts")), Catch::Contains("inside the package"));
  CHECK_THAT(mistakes_of(with("1.0.0", "one")), Catch::Contains("m.yaml:3:10:"));
}

TEST_CASE("all mistakes are named at once") {
  auto text = with("1.0.0", "one");
  text.replace(text.find("kind: score"), 11, "kind: scor");
  CHECK_THAT(mistakes_of(text), Catch::Contains("2 mistakes"));
}

TEST_CASE("what plain YAML lets pass is refused at its place") {
  CHECK_THAT(mistakes_of("&x\n- *x\n"), Catch::Contains("anchor") && Catch::Contains("alias"));
  CHECK_THAT(mistakes_of(with("Tests only.", "&a Tests")), Catch::Contains("m.yaml:8:15: an anchor"));
  CHECK_THAT(mistakes_of(with("Tests only.", "*a")), Catch::Contains("m.yaml:8:15:"));
  CHECK_THAT(mistakes_of(with("Tests only.", "!!binary aGk=")), Catch::Contains("m.yaml:8:15: the tag"));
  CHECK_THAT(mistakes_of(sound + "title: again\n"), Catch::Contains("m.yaml:19:1: the key 'title' occurs twice"));
  CHECK_THAT(mistakes_of(with("kind: score}", "kind: score, kind: mask}")), Catch::Contains("m.yaml:18:32: the key 'kind' occurs twice"));
  CHECK_THAT(mistakes_of(sound + "? [a]\n: 1\n"), Catch::Contains("m.yaml:19:3: a key must be a plain word"));
  CHECK_THAT(mistakes_of(sound + "---\nmore: 1\n"), Catch::Contains("m.yaml:19:1: more than one document"));
  CHECK_THAT(mistakes_of("a: [1"), Catch::Contains("m.yaml:1:") && Catch::Contains("not valid YAML"));
  CHECK_THAT(mistakes_of(""), Catch::Contains("m.yaml:1:1: the file is empty"));
  CHECK_THAT(mistakes_of("# nothing\n"), Catch::Contains("the file is empty"));
  CHECK_THAT(mistakes_of("- a list\n"), Catch::Contains("m.yaml:1:1: the manifest must be a map"));
}

TEST_CASE("a manifest has bounds on depth, values and size") {
  CHECK_THAT(mistakes_of(std::string(5000, '[')), Catch::Contains("m.yaml:1:17: nested deeper than 32 levels"));
  std::string deep;
  for (int i = 0; i < 5000; ++i) deep += "- ";
  CHECK_THAT(mistakes_of(deep), Catch::Contains("nested deeper than 32 levels"));
  std::string wide = "[";
  for (int i = 0; i < 10001; ++i) wide += "0,";
  CHECK_THAT(mistakes_of(wide + "]"), Catch::Contains("more than the 10,000 values"));
  CHECK_THAT(mistakes_of(std::string(sound).append(1 << 20, '#')), Catch::Contains("larger than 1 MiB"));
  CHECK_THAT(mistakes_of(with("A test", std::string(5000, 'x'))), Catch::Contains("m.yaml:4:8: 'title' must be shorter"));
  CHECK_THAT(mistakes_of(with("1.0.0", std::string(500000, '1'))), Catch::Contains("m.yaml:3:10:"));
}

TEST_CASE("a manifest is UTF-8 that can be seen, indented by spaces") {
  CHECK_THAT(mistakes_of(with("A test", "caf\xE9")), Catch::Contains("m.yaml:4:11: a character that is not UTF-8"));
  CHECK_THAT(mistakes_of(with("title:", std::string("\x04title:"))), Catch::Contains("m.yaml:4:1:"));
  CHECK_THAT(mistakes_of(with("A test", "A \u202Etest")), Catch::Contains("m.yaml:4:10:"));
  CHECK_THAT(mistakes_of(with("A test", "\"A \\e[31mtest\"")), Catch::Contains("m.yaml:4:8: 'title' must not hold control"));
  CHECK_THAT(mistakes_of(with("  unit", "\tunit")), Catch::Contains("m.yaml:12:1: a tab in the indentation"));
  CHECK(parse_manifest(with("A test", "caf\u00e9"), "m.yaml").title == "caf\u00e9");
  CHECK(parse_manifest("\xEF\xBB\xBF" + sound, "m.yaml").title == "A test");
  CHECK(parse_manifest(with("A test", ">-\n  two\n  lines"), "m.yaml").title == "two lines");
}

TEST_CASE("a value of the wrong type or out of range is named with what is allowed") {
  const auto added = [](const std::string& line) { return mistakes_of(sound + line + "\n"); };
  CHECK_THAT(added("batch_max: many"), Catch::Contains("m.yaml:19:12: 'batch_max' must be a whole number from 1 to 4096"));
  CHECK_THAT(added("batch_max: 0"), Catch::Contains("from 1 to 4096"));
  CHECK_THAT(added("batch_max: 4294967297"), Catch::Contains("from 1 to 4096"));
  CHECK_THAT(added("batch_max: 99999999999999999999"), Catch::Contains("from 1 to 4096"));
  CHECK_THAT(added("timeout_s: 1.5"), Catch::Contains("a whole number from 1 to 86400"));
  CHECK_THAT(added("tolerance: -1"), Catch::Contains("m.yaml:19:12: 'tolerance' must be a number of at least 0"));
  CHECK_THAT(added("tolerance: .nan"), Catch::Contains("must be a number"));
  CHECK_THAT(added("golden: 3"), Catch::Contains("m.yaml:19:9: 'golden' must be a list of cases"));
  CHECK_THAT(mistakes_of(with("A test", "[a, b]")), Catch::Contains("m.yaml:4:8: 'title' must be text"));
  CHECK_THAT(mistakes_of(with("A test", "")), Catch::Contains("'title' must be text"));
  CHECK_THAT(mistakes_of(with("{kind: torchscript, file: model.ts}", "model.ts")), Catch::Contains("m.yaml:10:11: artifact must be a map"));
  CHECK_THAT(mistakes_of(with("unit: instance", "unit: instance\n  channels: 2")),
             Catch::Contains("m.yaml:13:13:") && Catch::Contains("1, 3"));
}

TEST_CASE("a transform's arguments are held to their kind") {
  const auto step = [](const std::string& text) { return mistakes_of(with("ScaleIntensityRange: {a_min: 0, a_max: 1}", text)); };
  CHECK(step("EnsureChannelFirst").empty());
  CHECK_THAT(step("ScaleIntensityRange"), Catch::Contains("m.yaml:16:5: ScaleIntensityRange lacks 'a_min'"));
  CHECK_THAT(step("ScaleIntensityRange: 3"), Catch::Contains("m.yaml:16:26: ScaleIntensityRange must be a map"));
  CHECK_THAT(step("ScaleIntensityRange: {a_min: x, a_max: 1}"), Catch::Contains("m.yaml:16:34:") && Catch::Contains("must be a number"));
  CHECK_THAT(step("ScaleIntensityRange: {a_min: 0, a_max: 1, clp: true}"),
             Catch::Contains("m.yaml:16:47:") && Catch::Contains("did you mean 'clip'?"));
  CHECK_THAT(step("Resize: {spatial_size: [-2, 10]}"),
             Catch::Contains("a whole number from -1 to 16384, or a list of 2, one for each axis"));
  CHECK_THAT(step("Resize: {spatial_size: [4294967297, 10]}"), Catch::Contains("from -1 to 16384"));
  CHECK_THAT(step("Resize: {spatial_size: [10]}"), Catch::Contains("a list of 2, one for each axis"));
  CHECK_THAT(step("Resize: {spatial_size: [9, 9], mode: cubic}"), Catch::Contains("one of area, bilinear, trilinear, nearest"));
  CHECK_THAT(step("RepeatChannel: {repeats: 1.5}"), Catch::Contains("a whole number from 1 to 64"));
  CHECK_THAT(step("ScaleIntensityRangePercentiles: {lower: 0, upper: 101}"), Catch::Contains("a number from 0 to 100"));
  CHECK_THAT(step("ScaleIntensityRangePercentiles: {lower: 9, upper: 2}"), Catch::Contains("'lower' must be less than 'upper'"));
  CHECK_THAT(step("Orientation: {axcodes: RAS}"), Catch::Contains("m.yaml:16:5: Orientation needs a volume"));
  CHECK_THAT(step("AsDiscrete: {argmax: true}"), Catch::Contains("the transform 'AsDiscrete' is not allowed"));
  CHECK_THAT(step("[Resize]"), Catch::Contains("m.yaml:16:5: a step is a transform's name"));
}

TEST_CASE("a rule's test is held to its kind") {
  const auto rule = [](const std::string& text) { return mistakes_of(with("equals: CT", text)); };
  CHECK_THAT(rule("equals: "), Catch::Contains("'equals' takes one plain value"));
  CHECK_THAT(rule("equals: {a: 1}"), Catch::Contains("m.yaml:14:37: 'equals' takes one plain value"));
  CHECK_THAT(rule("equals: [CT]"), Catch::Contains("'equals' takes one plain value"));
  CHECK_THAT(rule("any_of: []"), Catch::Contains("at least one plain value"));
  CHECK_THAT(rule("any_of: CT"), Catch::Contains("a list"));
  CHECK_THAT(rule("range: [3, 1]"), Catch::Contains("the lower first"));
  CHECK_THAT(rule("range: [a, 1]"), Catch::Contains("numbers, or null"));
  CHECK_THAT(rule("range: [1]"), Catch::Contains("[low, high]"));
  CHECK_THAT(rule("present: maybe"), Catch::Contains("'present' takes true or false"));
  for (const char* bad : {"regex: '('", "regex: []", "regex: '(a)\\1'"}) CHECK_THAT(rule(bad), Catch::Contains("a regular expression"));
  CHECK_THAT(rule(std::string("regex: '").append(100000, '(').append("'")), Catch::Contains("at most 256 bytes"));
  CHECK_THAT(rule("equals: CT, present: true"), Catch::Contains("m.yaml:14:7: a rule takes exactly one of"));
  CHECK_THAT(rule("equls: CT"), Catch::Contains("did you mean 'equals'?"));
  CHECK_THAT(mistakes_of(with("attribute: Modality", "attribute: modality")),
             Catch::Contains("m.yaml:14:19: 'modality' is not a DICOM keyword; did you mean 'Modality'?"));
  CHECK_THAT(mistakes_of(with("attribute: Modality", "attribute: Zzz")),
             Catch::Contains("'Zzz' is not a DICOM keyword; keywords are such as Modality"));
  CHECK(mistakes_of(with("attribute: Modality", "attribute: TextFormatID")).empty());  // retired: DCMTK has it with a prefix
  CHECK_THAT(mistakes_of(with("{attribute: Modality, equals: CT}", "{any: []}")),
             Catch::Contains("m.yaml:14:13: 'any' takes a list of at least one rule"));
  CHECK_THAT(mistakes_of(with("{attribute: Modality, equals: CT}", "CT")), Catch::Contains("m.yaml:14:7: a rule must be a map"));
}

TEST_CASE("an output and a golden case are held to their kinds") {
  const auto output = [](const std::string& text) { return mistakes_of(with("{name: score, kind: score}", text)); };
  CHECK_THAT(output("{name: 1st, kind: score}"), Catch::Contains("m.yaml:18:12: '1st' is not a name of a column"));
  CHECK_THAT(output("{name: v, kind: volume, labels: [0]}"),
             Catch::Contains("m.yaml:18:37: 'labels' takes a list of label numbers from 1 to 255"));
  CHECK_THAT(output("{name: v, kind: volume, labels: [4294967297]}"), Catch::Contains("from 1 to 255"));
  CHECK_THAT(output("{name: v, kind: volume, labels: []}"), Catch::Contains("from 1 to 255"));
  CHECK_THAT(output("{name: m, kind: mask, names: {300: lung}}"), Catch::Contains("m.yaml:18:35: a label is a number from 1 to 255"));
  CHECK_THAT(output("{name: c, kind: class, names: {0: normal}}"), Catch::Contains("at least two classes, numbered from 0 without a gap"));
  CHECK_THAT(output("{name: c, kind: class, names: {0: normal, 2: fracture}}"), Catch::Contains("without a gap"));
  CHECK_THAT(output("{name: c, kind: class, names: {-1: normal, 0: fracture}}"), Catch::Contains("a class is a number from 0 to 255"));
  CHECK_THAT(output("{name: c, kind: class, names: {0: normal, 1: fracture}, flag: [2]}"),
             Catch::Contains("numbers of classes that 'names' has"));
  CHECK_THAT(output("{name: m, kind: mask, names: lung}"), Catch::Contains("such as {1: lung}"));
  CHECK_THAT(output("{name: s, kind: score}\n  - {name: s, kind: score}"), Catch::Contains("m.yaml:19:12: the output 's' occurs twice"));
  CHECK_THAT(output("{name: s, kind: score, labels: [1]}"), Catch::Contains("the key 'labels' is not allowed; allowed: name, kind, index"));
  CHECK_THAT(output("{name: s, kind: scor, labels: [1]}"), Catch::Contains("1 mistake"));
  const auto golden = [](const std::string& text) { return mistakes_of(sound + "golden: [{name: g, input: g, " + text + "}]\n"); };
  CHECK_THAT(golden("expect: {scor: 1}, tolerance: 0"), Catch::Contains("m.yaml:19:39:") && Catch::Contains("did you mean 'score'?"));
  CHECK_THAT(golden("expect: {score: high}, tolerance: 0"), Catch::Contains("the value of 'score' must be a number"));
  CHECK_THAT(golden("expect: {}, tolerance: 0"), Catch::Contains("must map output names to values"));
  CHECK_THAT(golden("expect: {score: 1}, tolerance: -1"), Catch::Contains("at least 0"));
  CHECK_THAT(golden("expect: {score: 1}"), Catch::Contains("m.yaml:19:10: a golden case lacks 'tolerance'"));
}

TEST_CASE("mistakes of YAML, of sections and of combinations are all named, in the order of the file") {
  auto text = with("1.0.0", "one") + "title: again\ntolerance: !!float 1\npostprocess: [Activations]\nbach_max: 3\n";
  text.replace(text.find("kind: score"), 11, "kind: scor");
  const auto said = mistakes_of(text);
  CHECK_THAT(said, Catch::Contains("6 mistakes"));
  std::size_t before = 0;
  for (const char* place : {":3:10:", ":18:25:", ":19:1:", ":20:12:", ":21:15:", ":22:1:"}) {
    const auto at = said.find(place);
    INFO(place << " in\n" << said);
    REQUIRE(at != std::string::npos);
    CHECK(at >= before);
    before = at;
  }
}

TEST_CASE("thousands of mistakes are counted and the first shown") {
  std::string keys;
  for (int i = 0; i < 3000; ++i) keys.append("k").append(std::to_string(i)).append(": 1\n");
  const auto said = mistakes_of(sound + keys);
  CHECK_THAT(said, Catch::Contains("3000 mistakes; the first are listed above"));
  CHECK(std::count(said.begin(), said.end(), '\n') == 50);
}

TEST_CASE("a rule sees nothing that says who the patient is") {
  for (const auto* keyword : {"PatientName", "PatientID", "ReferringPhysicianName", "AccessionNumber", "ImageComments",
                              "ClinicalTrialSubjectID", "InterpretationAuthor", "TextValue", "PatientBirthDate", "DeviceSerialNumber",
                              "StudyInstanceUID", "RequestingService", "SmokingStatus"})
    CHECK(mistakes_of(with("attribute: Modality", std::string("attribute: ") + keyword)).find("m.yaml:14:19: '" + std::string(keyword)) ==
          0);
  for (const auto* keyword : {"PatientAge", "PatientSex", "PatientPosition", "BodyPartExamined", "PhotometricInterpretation",
                              "SeriesDescription", "ImageType", "EchoTime", "Rows", "SmallestImagePixelValue", "StudyDate", "SOPClassUID"})
    CHECK(mistakes_of(with("attribute: Modality", std::string("attribute: ") + keyword)).empty());
}

TEST_CASE("a volume needs a series, and no output is called like a column that is there") {
  CHECK(mistakes_of(with("kind: score}", "kind: volume, labels: [1]}")).find("unit: series") != std::string::npos);
  CHECK(mistakes_of(with("name: score,", "name: outcome,")).find("a column of results.csv") != std::string::npos);
  CHECK(mistakes_of(with("{name: score, kind: score}", "{name: a, kind: score, flag_at: 1}\n  - {name: a_flag, kind: score}"))
            .find("rename one") != std::string::npos);
}

TEST_CASE("a rule holds or not by its attribute") {
  const nlohmann::json ct{{"Modality", "CT"}, {"Rows", 512}, {"ImageType", {"ORIGINAL", "PRIMARY", "AXIAL"}}};
  CHECK(eligible("{attribute: Modality, equals: CT}", ct));
  CHECK_FALSE(eligible("{attribute: Modality, equals: MR}", ct));
  CHECK(eligible("{attribute: Rows, range: [64, null]}", ct));
  CHECK_FALSE(eligible("{attribute: Rows, range: [null, 256]}", ct));
  CHECK(eligible("{attribute: ImageType, contains: AXIAL}", ct));
  CHECK_FALSE(eligible("{attribute: ImageType, excludes: AXIAL}", ct));
  CHECK(eligible("{attribute: Modality, regex: '^C[TR]$'}", ct));
  CHECK(eligible("{any: [{attribute: Modality, equals: MR}, {attribute: Rows, equals: 512}]}", ct));
  CHECK_FALSE(eligible("{none: [{attribute: Rows, present: true}]}", ct));
  CHECK_FALSE(eligible("{attribute: StationName, equals: X}", ct));
  CHECK(eligible("{attribute: StationName, excludes: X}", ct));
}

TEST_CASE("a hostile regular expression costs no time") {
  for (const auto* pattern : {"^(a+)+$", "(a|aa|aaa){900}c", "((((a*)*)*)*)*c", "(.*.*.*.*.*.*.*.*.*.*.*.*)*c"})
    CHECK_FALSE(eligible(std::string("{attribute: Modality, regex: '") + pattern + "'}", {{"Modality", std::string(1000, 'a') + "b"}}));
  for (const auto* pattern : {"((a?){99}){99}b", "([a-z]{1,300}){1,30}1", "(?=a)", "(a)\\1"})
    CHECK_THAT(mistakes_of(with("equals: CT", std::string("regex: '") + pattern + "'")), Catch::Contains("a regular expression of RE2"));
}

TEST_CASE("a manifest's path must be a plain file of at most 1 MiB") {
  const auto reason = [](const std::filesystem::path& path) {
    try {
      load_manifest(path);
    } catch (const Error& error) {
      return error.reason();
    }
    return Reason::internal;
  };
  const auto folder = std::filesystem::temp_directory_path() / ("aidp-manifest-test-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  CHECK(reason(folder) == Reason::manifest_invalid);
  REQUIRE(::mkfifo((folder / "fifo").c_str(), 0600) == 0);
  CHECK(reason(folder / "fifo") == Reason::manifest_invalid);
  std::ofstream(folder / "large").seekp(3 << 20).put('x');
  CHECK(reason(folder / "large") == Reason::manifest_invalid);
  std::filesystem::remove_all(folder);
}
