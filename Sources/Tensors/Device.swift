import CTorch

/// Where tensors live and are computed.
package enum Device: Hashable, Sendable, CustomStringConvertible {
  case cpu
  case cuda(Int)

  /// Reads `cpu`, `cuda` or `cuda:1`, and checks that it is there.
  ///
  /// - Parameter text: the device as users write it.
  /// - Throws: `TensorError.noDevice`.
  package init(parsing text: String) throws(TensorError) {
    switch text {
    case "cpu":
      self = .cpu
      return
    case "cuda": self = .cuda(0)
    default:
      guard text.hasPrefix("cuda:"), let ordinal = Int(text.dropFirst(5)), ordinal >= 0 else {
        throw .noDevice(asked: text, reason: "use cpu, cuda or cuda:N")
      }
      self = .cuda(ordinal)
    }
    guard ctorch_cuda_available() else {
      throw .noDevice(
        asked: text,
        reason: "libtorch \(Library.version) sees no CUDA; build against one that does: LIBTORCH=DIR make train")
    }
    guard case .cuda(let ordinal) = self, ordinal < Int(ctorch_cuda_count()) else {
      throw .noDevice(asked: text, reason: "there are \(ctorch_cuda_count()) CUDA devices")
    }
  }

  package var description: String {
    switch self {
    case .cpu: "cpu"
    case .cuda(let ordinal): "cuda:\(ordinal)"
    }
  }

  var ordinal: CInt {
    switch self {
    case .cpu: -1
    case .cuda(let ordinal): CInt(ordinal)
    }
  }

  /// Waits until the device has done what it was given; a CPU always has.
  package func synchronize() throws(TensorError) { try check("synchronize", ctorch_synchronize(ordinal)) }

  /// Most bytes libtorch ever held on a CUDA device; `nil` where it cannot tell, and for the CPU,
  /// whose process knows better.
  package var peakBytes: Int? {
    guard case .cuda(let ordinal) = self else { return nil }
    let bytes = Int(ctorch_cuda_peak_bytes(CInt(ordinal)))
    return bytes > 0 ? bytes : nil
  }
}

/// libtorch as a whole.
package enum Library {
  package static var version: String { unsafe String(cString: ctorch_version()) }
  package static var hasCUDA: Bool { ctorch_cuda_available() }
  package static var hasNCCL: Bool { ctorch_nccl_available() }
  /// Tensors that Swift still holds, over all threads; what a leak test watches.
  package static var liveTensors: Int { Int(ctorch_live_handles()) }

  /// Threads of one operation on the CPU.
  package static func setThreads(_ count: Int) { ctorch_set_threads(CInt(count)) }

  /// Sets the process up for training on a CPU; to be called first, on the thread that trains.
  ///
  /// Freed memory stays for the next step, which asks for the same again: a sixth of a step. Numbers too small for a normal
  /// float count as zero: gradients of what is known by heart are full of them, and each costs a hundred others. CUDA tries
  /// which algorithm is fastest, and keeps float32 as it is.
  ///
  /// - Parameter allowsTF32: lets CUDA round the factors of convolutions and products to TF32, which is faster.
  package static func prepareForTraining(allowsTF32: Bool = false) {
    ctorch_keep_memory()
    ctorch_flush_denormals()
    ctorch_set_cuda_arithmetic(allowsTF32)
  }

  /// Seeds libtorch's own random numbers, which only dropout uses.
  package static func seed(_ seed: UInt64) throws(TensorError) { try check("seed", ctorch_manual_seed(seed)) }
}

/// How numbers are stored.
package enum ScalarType: Int32, Hashable, Sendable {
  case float32 = 0
  case float64 = 1
  case bfloat16 = 2
  case int64 = 3
  case uint8 = 4

  var size: Int {
    switch self {
    case .uint8: 1
    case .bfloat16: 2
    case .float32: 4
    case .float64, .int64: 8
    }
  }
}
