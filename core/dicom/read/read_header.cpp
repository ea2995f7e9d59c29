// SPDX-License-Identifier: Apache-2.0
#include "core/dicom/read/read_header.hpp"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/hash.hpp"
#include "core/base/ids.hpp"
#include "core/base/text.hpp"
#include "core/dicom/read/attributes.hpp"
#include "core/dicom/read/file.hpp"
#include "core/dicom/read/file_reader.hpp"
#include "core/dicom/read/lookup.hpp"
#include "core/dicom/read/mosaic.hpp"
#include "core/dicom/read/nuclear.hpp"
#include "core/dicom/read/spacing.hpp"
#include "core/dicom/read/value.hpp"

namespace aidp {

namespace {
std::string uid_of(DcmItem& item, const DcmTagKey& tag) {
  const auto uid = text_of(item, tag);
  return is_uid(uid) ? uid : std::string();
}

// One that is no UID tells frames of reference apart all the same.
std::string frame_of_reference_of(DcmItem& dataset) {
  const auto text = text_of(dataset, DCM_FrameOfReferenceUID);
  return text.empty() || is_uid(text) ? text : uid_from_key(sha256(text));
}

// A 16-bit number: `standard` if there is none, `invalid` if it is something else, for the decoder to refuse.
int unsigned_of(DcmItem& item, const DcmTagKey& tag, int standard, int invalid = 0) {
  Uint16 value = 0;
  if (item.findAndGetUint16(tag, value).good()) return value;
  if (!item.tagExistsWithValue(tag)) return standard;
  const auto number = whole_number_of(item, tag, 0, std::numeric_limits<Uint16>::max());  // of another VR
  return number ? static_cast<int>(*number) : invalid;
}

// 0 where it is no number. A single frame may well say 0, and most say nothing.
std::int64_t number_of_frames_of(DcmItem& item) {
  if (text_of(item, DCM_NumberOfFrames).empty()) return 1;
  const auto frames = numbers_of<1>(item, DCM_NumberOfFrames);
  const bool whole = frames && (*frames)[0] == std::floor((*frames)[0]) && std::abs((*frames)[0]) <= std::numeric_limits<Sint32>::max();
  return whole ? std::max(static_cast<std::int64_t>((*frames)[0]), std::int64_t{1}) : 0;
}

// Philips' raw data beside its images have Rows and Columns, and nothing else of an image.
bool describes_an_image(DcmDataset& dataset) {
  const bool pixels =
      dataset.tagExists(DCM_PixelData) || dataset.tagExists(DCM_BitsAllocated) || dataset.tagExists(DCM_PhotometricInterpretation);
  return pixels || dataset.tagExists(DCM_FloatPixelData) || dataset.tagExists(DCM_DoubleFloatPixelData);
}

// Part of the modality LUT (PS3.3 C.11.1.1.2): absent leaves `value` as it is, invalid makes it NaN for the decoder to refuse.
void read_rescale(DcmItem& item, const DcmTagKey& tag, double& value) {
  if (text_of(item, tag).empty()) return;
  const auto number = numbers_of<1>(item, tag);
  value = number ? (*number)[0] : std::numeric_limits<double>::quiet_NaN();
}

void read_frame(DcmItem& item, FrameHeader& frame) {
  if (auto value = numbers_of<3>(item, DCM_ImagePositionPatient)) frame.position_mm = value;
  if (auto value = numbers_of<6>(item, DCM_ImageOrientationPatient)) frame.orientation = value;
  if (auto value = numbers_of<2>(item, DCM_PixelSpacing)) frame.pixel_spacing_mm = value;
  read_projected_spacing(item, frame);
  read_rescale(item, DCM_RescaleSlope, frame.slope);
  read_rescale(item, DCM_RescaleIntercept, frame.intercept);
  if (frame.slope == 0) frame.slope = std::numeric_limits<double>::quiet_NaN();
}

// By the order of telling_keywords(): where the attribute stands in a plain object, and in the functional groups of an enhanced one.
struct TellingTags {
  DcmTagKey plain;
  std::vector<DcmTagKey> sequences;
  DcmTagKey enhanced;
};
const std::vector<TellingTags>& telling_attributes() {
  static const std::vector<TellingTags> attributes{
      {DCM_ImageType, {DCM_MRImageFrameTypeSequence}, DCM_FrameType},
      {DCM_EchoTime, {DCM_MREchoSequence}, DCM_EffectiveEchoTime},
      {DCM_DiffusionBValue, {DCM_MRDiffusionSequence}, DCM_DiffusionBValue},
      {DCM_DiffusionGradientOrientation,
       {DCM_MRDiffusionSequence, DCM_DiffusionGradientDirectionSequence},
       DCM_DiffusionGradientOrientation},
      {DCM_TemporalPositionIdentifier, {DCM_FrameContentSequence}, DCM_TemporalPositionIndex},
      {DCM_InversionTime, {DCM_MRModifierSequence}, DCM_InversionTimes},
      {DCM_FlipAngle, {DCM_MRTimingAndRelatedParametersSequence}, DCM_FlipAngle},
      {DCM_ConvolutionKernel, {DCM_CTReconstructionSequence}, DCM_ConvolutionKernel},
      {DCM_KVP, {DCM_CTXRayDetailsSequence}, DCM_KVP},
      {DCM_SliceThickness, {DCM_PixelMeasuresSequence}, DCM_SliceThickness},
      {DCM_StackID, {DCM_FrameContentSequence}, DCM_StackID},
      {DCM_TriggerTime, {DCM_CardiacSynchronizationSequence}, DCM_NominalCardiacTriggerDelayTime},
      {DCM_AcquisitionNumber, {DCM_FrameContentSequence}, DCM_FrameAcquisitionNumber},
      {DCM_FrameReferenceTime, {DCM_FrameContentSequence}, DCM_FrameReferenceDateTime},
      {DCM_RepetitionTime, {DCM_MRTimingAndRelatedParametersSequence}, DCM_RepetitionTime},
      {DCM_AcquisitionTime, {DCM_FrameContentSequence}, DCM_FrameAcquisitionDateTime},
      {DCM_ContentTime, {}, DCM_ContentTime},
  };
  return attributes;
}

void read_telling(DcmDataset& dataset, FrameHeader& frame) {
  for (const auto& attribute : telling_attributes()) frame.telling.push_back(printable(text_of(dataset, attribute.plain)));
}

void read_telling_group(DcmItem& groups, FrameHeader& frame) {
  for (std::size_t i = 0; i < telling_attributes().size(); ++i) {
    const auto& attribute = telling_attributes()[i];
    auto* item = &groups;
    for (const auto& sequence : attribute.sequences) item = item ? item_in(*item, sequence) : nullptr;
    if (auto text = item ? text_of(*item, attribute.enhanced) : ""; !text.empty()) frame.telling[i] = printable(text);
  }
  for (const auto& sequence : {DCM_CTImageFrameTypeSequence, DCM_PETFrameTypeSequence})
    if (auto* item = item_in(groups, sequence)) frame.telling[telling::image_type] = printable(text_of(*item, DCM_FrameType));
}

// Enhanced objects: shared functional groups first, then the frame's own (PS3.3 C.7.6.16).
void read_groups(DcmItem& groups, FrameHeader& frame) {
  for (const auto& sequence : {DCM_PlanePositionSequence, DCM_PlaneOrientationSequence, DCM_PixelMeasuresSequence,
                               DCM_PixelValueTransformationSequence, DCM_FramePixelDataPropertiesSequence, DCM_XRayGeometrySequence})
    if (auto* item = item_in(groups, sequence)) read_frame(*item, frame);
  read_telling_group(groups, frame);
}

std::vector<FrameHeader> frames_of(DcmDataset& dataset, std::int64_t count) {
  FrameHeader common;
  read_frame(dataset, common);
  read_telling(dataset, common);
  if (auto* shared = item_in(dataset, DCM_SharedFunctionalGroupsSequence)) read_groups(*shared, common);
  DcmSequenceOfItems* per_frame = nullptr;
  if (dataset.findAndGetSequence(DCM_PerFrameFunctionalGroupsSequence, per_frame).bad() || !per_frame) return {common};
  std::vector<FrameHeader> frames;
  for (unsigned long i = 0; i < per_frame->card() && static_cast<std::int64_t>(i) < count; ++i) {
    frames.push_back(common);
    read_groups(*per_frame->getItem(i), frames.back());
  }
  return frames.empty() ? std::vector{common} : frames;
}

// The first `digits` of a text and what follows, if those are digits.
std::string digits_first(std::string text, std::size_t digits, std::size_t longest) {
  const bool valid = text.size() >= digits && text.find_first_not_of("0123456789.") == std::string::npos;
  return valid && text.find('.') >= digits ? text.substr(0, longest) : std::string();
}

// AcquisitionDate and AcquisitionTime, else what stands in AcquisitionDateTime or in an enhanced object's first frame (DT: both together).
void read_acquisition(DcmDataset& dataset, InstanceHeader& header) {
  constexpr std::size_t date_digits = 8, time_digits = 2, time_longest = 13;
  auto moment = text_of(dataset, DCM_AcquisitionDateTime);
  auto* groups = item_in(dataset, DCM_PerFrameFunctionalGroupsSequence);
  auto* content = groups ? item_in(*groups, DCM_FrameContentSequence) : nullptr;
  if (content && moment.empty()) moment = text_of(*content, DCM_FrameAcquisitionDateTime);
  moment = moment.substr(0, moment.find_first_of("+-&"));  // of a time zone
  if (const auto date = text_of(dataset, DCM_AcquisitionDate); date.size() == date_digits)
    header.acquisition_date = digits_first(date, date_digits, date_digits);
  header.acquisition_time = digits_first(text_of(dataset, DCM_AcquisitionTime), time_digits, time_longest);
  if (header.acquisition_date.empty()) header.acquisition_date = digits_first(moment, date_digits, date_digits);
  if (header.acquisition_time.empty() && moment.size() > date_digits)
    header.acquisition_time = digits_first(moment.substr(date_digits), time_digits, time_longest);
}

// That there is a table is said even of an invalid one, for the decoder to refuse.
void read_tables(DcmDataset& dataset, InstanceHeader& header) {
  const bool integers = header.samples_per_pixel == 1 && !header.floating;
  auto* table = item_in(dataset, DCM_ModalityLUTSequence);
  if (integers && header.photometric_interpretation == "PALETTE COLOR")
    header.palette_bits = std::max(1, table_bits(dataset, DCM_RedPaletteColorLookupTableDescriptor));
  else if (integers && table)
    header.modality_lut_bits = std::max(1, table_bits(*table, DCM_LUTDescriptor));
}
// Absent is another thing.
void check_uids(DcmItem& dataset, const InstanceHeader& header) {
  for (const auto& tag : {DCM_StudyInstanceUID, DCM_SeriesInstanceUID, DCM_SOPInstanceUID})
    if (const auto text = text_of(dataset, tag); !text.empty() && !is_uid(text))
      throw BrokenFile({Reason::dicom_attribute, std::string(DcmTag(tag).getTagName()) +
                                                     " is malformed: a UID is made of digits and single dots, 64 characters at most"},
                       header.study_instance_uid, header.series_instance_uid);
}
}  // namespace

InstanceHeader header_of(const DicomFile& file, const std::string& path) {
  auto& dataset = file.dataset();
  InstanceHeader header;
  header.path = path;
  header.transfer_syntax_uid = file.transfer_syntax_uid();
  header.sop_class_uid = uid_of(dataset, DCM_SOPClassUID);
  header.sop_instance_uid = uid_of(dataset, DCM_SOPInstanceUID);
  header.series_instance_uid = uid_of(dataset, DCM_SeriesInstanceUID);
  header.study_instance_uid = uid_of(dataset, DCM_StudyInstanceUID);
  header.frame_of_reference_uid = frame_of_reference_of(dataset);
  header.rows = unsigned_of(dataset, DCM_Rows, 0);
  header.columns = unsigned_of(dataset, DCM_Columns, 0);
  header.has_pixels = describes_an_image(dataset);
  header.samples_per_pixel = unsigned_of(dataset, DCM_SamplesPerPixel, 1);
  header.bits_allocated = unsigned_of(dataset, DCM_BitsAllocated, 0);
  header.floating = dataset.tagExists(DCM_FloatPixelData) || dataset.tagExists(DCM_DoubleFloatPixelData);
  header.bits_stored = unsigned_of(dataset, DCM_BitsStored, header.floating ? header.bits_allocated : 0);  // PS3.3 C.7.6.24 has none
  header.high_bit = unsigned_of(dataset, DCM_HighBit, header.bits_stored - 1, -1);
  header.pixel_representation = unsigned_of(dataset, DCM_PixelRepresentation, header.floating ? 0 : 2, 2);
  header.photometric_interpretation = text_of(dataset, DCM_PhotometricInterpretation);
  header.planar_configuration = unsigned_of(dataset, DCM_PlanarConfiguration, -1, 2);
  header.has_padding = dataset.tagExistsWithValue(header.floating ? DCM_FloatPixelPaddingValue : DCM_PixelPaddingValue) ||
                       (header.floating && dataset.tagExistsWithValue(DCM_DoubleFloatPixelPaddingValue));
  header.instance_number =
      whole_number_of(dataset, DCM_InstanceNumber, std::numeric_limits<Sint32>::min(), std::numeric_limits<Sint32>::max());
  read_tables(dataset, header);
  read_acquisition(dataset, header);
  header.number_of_frames = number_of_frames_of(dataset);
  header.frames = frames_of(dataset, header.number_of_frames);
  place_reconstruction(dataset, header);
  unfold_mosaic(dataset, header);
  return header;
}

InstanceHeader read_header(const std::string& path, const std::shared_ptr<FileReader>& reader, const std::vector<std::string>& keywords) {
  const DicomFile file(reader, DicomFile::Part::header);
  auto header = header_of(file, path);
  header.state = reader->state();
  check_uids(file.dataset(), header);
  read_attributes(file.dataset(), keywords, header);
  file.check_read();
  return header;
}

}  // namespace aidp
