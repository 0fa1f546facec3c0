/// The precision with which a network is computed in training.
package enum TrainingPrecision: String, CaseIterable, Sendable, Codable {
  case float32 = "f32"
  /// Float32 with products rounded to ten bits by CUDA; GPUs only.
  case tf32
  /// Convolutions and products in bfloat16 through libtorch's autocast; weights, sums and losses in float32.
  case bfloat16 = "bf16"
}
