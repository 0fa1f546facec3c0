import COneDNN

/// The number format of weights and activations.
package enum Precision: String, Codable, Hashable, Sendable, CaseIterable {
  /// The fastest format that this CPU supports natively.
  case auto
  case f32
  /// bfloat16 in the trunk with float32 sums; the attention block and the head stay float32.
  case bf16
  /// 8-bit integers in the trunk, for calibrated models; the attention block and the head stay float32.
  case int8

  /// What `auto` means on this CPU; other values are returned unchanged.
  ///
  /// - Parameter isCalibrated: whether the model has the ranges that int8 needs.
  /// - Returns: a concrete format.
  /// - Throws: `InferenceError` for a format that the CPU would have to emulate or the model does not support.
  package func resolved(isCalibrated: Bool = false) throws(InferenceError) -> Precision {
    let hasBF16 = odn_has_bf16() != 0
    switch self {
    case .auto: return isCalibrated ? .int8 : hasBF16 ? .bf16 : .f32
    case .int8:
      guard isCalibrated else { throw .notCalibrated }
      return .int8
    case .f32: return .f32
    case .bf16:
      guard hasBF16 else { throw .precisionUnavailable(self, instructionSet: Self.instructionSet) }
      return .bf16
    }
  }

  /// The instruction set used by oneDNN's kernels, for example "AVX-512 with bfloat16".
  package static var instructionSet: String { unsafe String(cString: odn_instruction_set()) }

  /// oneDNN's version, for example "2.6.3".
  package static var libraryVersion: String { unsafe String(cString: odn_version()) }
}

extension Precision {
  /// The formats that this CPU multiplies natively and every model supports, most exact first.
  package static var native: [Precision] { odn_has_bf16() != 0 ? [.f32, .bf16] : [.f32] }

  /// How far, in relative L2, a correct engine's endpoint may be from float32 arithmetic in another order.
  ///
  /// f32: even the published network sums in another order. bf16: some twenty layers each round to 8 bits, at most 2⁻⁹
  /// relative. int8 is judged by its results on clips.
  package var tolerance: Double {
    switch self {
    case .auto, .f32: 1e-4
    case .bf16: 2e-2
    case .int8: .infinity
    }
  }
}
