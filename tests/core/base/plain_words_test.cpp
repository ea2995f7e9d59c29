// SPDX-License-Identifier: Apache-2.0
#include "core/base/plain_words.hpp"

#include "tests/catch.hpp"

using namespace aidp;

TEST_CASE("of a library's error people read what happened, not where in its code") {
  CHECK(plain_words("The size of tensor a (3) must match the size of tensor b (4)\nException raised from infer_size_impl at "
                    "../aten/src/ATen/ExpandUtils.cpp:35 (most recent call first):\nframe #0: c10::Error::Error(...) + 0x57 (0x7f)\n") ==
        "The size of tensor a (3) must match the size of tensor b (4)");
  CHECK(plain_words(
            "The following operation failed in the TorchScript interpreter.\n"
            "Traceback of TorchScript, serialized code (most recent call last):\n  File \"code/__torch__/net.py\", line 8, in forward\n"
            "    y = torch.add(x, w)\n        ~~~~~~~~~ <--- HERE\n\n"
            "Traceback of TorchScript, original code (most recent call last):\n  File \"/home/vendor/net.py\", line 12, in forward\n"
            "        y = x + self.w\n            ~~~~~~~~~~ <--- HERE\n"
            "RuntimeError: The size of tensor a (3) must match the size of tensor b (4)\n") ==
        "RuntimeError: The size of tensor a (3) must match the size of tensor b (4) (at `y = x + self.w`)");
  CHECK(plain_words("loading\nterminate called after throwing an instance of 'std::runtime_error'\n  what():  no such file\n") ==
        "no such file");
  CHECK(
      plain_words("CUDA error: device-side assert triggered\nCompile with `TORCH_USE_CUDA_DSA` to enable device-side assertions.\n"
                  "Exception raised from c10_cuda_check_implementation at CUDAException.cpp:43 (most recent call first):\nframe #0: x\n") ==
      "CUDA error: device-side assert triggered");
  CHECK(plain_words("one line\nthe last\x1b[31m") == "the last?[31m");
  CHECK(plain_words("").empty());
}
