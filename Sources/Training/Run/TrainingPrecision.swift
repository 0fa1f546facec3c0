/// How a network is computed while it learns.
package enum TrainingPrecision: String, CaseIterable, Sendable, Codable {
  case float32 = "f32"
  /// Float32 whose products CUDA rounds to ten bits; GPUs only.
  case tf32
  /// Convolutions and products in bfloat16 by libtorch's autocast; weights, sums and losses in float32.
  case bfloat16 = "bf16"
}
