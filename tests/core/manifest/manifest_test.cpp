// SPDX-License-Identifier: Apache-2.0
#include "core/manifest/manifest.hpp"

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
             Catch::Contains("'spatial_size' of SpatialPad must be a whole number, or a list of 2, one for each axis"));
}

TEST_CASE("arguments that exclude each other or lie outside their range are named") {
  const auto mistakes = [](const std::string& step) { return mistakes_of(with("ScaleIntensityRange: {a_min: 0, a_max: 1}", step)); };
  CHECK_THAT(mistakes("ScaleIntensityRange: {a_min: 0, a_max: 1, clip: true}"), Catch::Contains("'clip' needs 'b_min' or 'b_max'"));
  CHECK_THAT(mistakes("ScaleIntensityRangePercentiles: {lower: 1, upper: 101}"), Catch::Contains("at least 0 and at most 100"));
  CHECK_THAT(mistakes("Rotate90: {spatial_axes: [0, 2]}"), Catch::Contains("two different axes from -2 to 1"));
  CHECK_THAT(mistakes("NormalizeIntensity: {subtrahend: [1, 2]}"), Catch::Contains("for each channel where channel_wise is true"));
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

TEST_CASE("a mistake is named with its file, line and column, and what is allowed") {
  CHECK_THAT(mistakes_of(with("kind: score", "kind: scor")), Catch::Contains("m.yaml:18:25:") &&
                                                                 Catch::Contains("allowed: score, mask, volume") &&
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

TEST_CASE("what plain YAML lets pass is refused") {
  CHECK_THAT(mistakes_of("&x\n- *x\n"), Catch::Contains("anchor") && Catch::Contains("alias"));
  CHECK_THAT(mistakes_of(sound + "title: again\n"), Catch::Contains("m.yaml:19:1:") && Catch::Contains("twice"));
  CHECK_THAT(mistakes_of(sound + "---\nmore: 1\n"), Catch::Contains("more than one document"));
  CHECK_THAT(mistakes_of(std::string(200, '[')), Catch::Contains("deeper than 32"));
  CHECK_THAT(mistakes_of("a: [1"), Catch::Contains("no valid YAML"));
  CHECK_THAT(mistakes_of(""), Catch::Contains("empty"));
  CHECK_THAT(mistakes_of(with("Tests only.", "!!binary aGk=")), Catch::Contains("tag"));
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
