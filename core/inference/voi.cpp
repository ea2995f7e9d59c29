// SPDX-License-Identifier: Apache-2.0
#include "core/inference/sample.hpp"

namespace aidp {

namespace {
at::Tensor looked_up(const at::Tensor& real, const Voi& voi) {
  const auto table = at::tensor(voi.table, at::kFloat).to(real.device());
  return table.take(real.sub(voi.first).round_().clamp_(0, static_cast<double>(table.numel() - 1)).to(at::kLong));
}

// PS3.3 C.11.2.1.2.1, C.11.2.1.3.1 and C.11.2.1.3.2, from 0 to 1.
at::Tensor windowed(const at::Tensor& real, const Voi& voi) {
  if (voi.function == "SIGMOID") return real.sub(voi.center).mul_(4 / voi.width).sigmoid_();
  const double half = voi.function == "LINEAR" ? 0.5 : 0, center = voi.center - half, width = voi.width - 2 * half;
  if (width == 0) return real.gt(center).to(real.scalar_type());
  return real.sub(center).div_(width).add_(0.5).clamp_(0, 1);
}
}  // namespace

void apply_voi(at::Tensor& real, const std::vector<Voi>& vois) {
  const auto shown = [](const at::Tensor& values, const Voi& voi) {
    return voi.table.empty() ? windowed(values, voi) : looked_up(values, voi);
  };
  if (vois.size() == 1) {
    real = shown(real, vois[0]);
    return;
  }
  for (std::size_t slice = 0; slice < vois.size(); ++slice) {
    auto values = real.select(0, static_cast<std::int64_t>(slice));
    values.copy_(shown(values, vois[slice]));
  }
}

}  // namespace aidp
