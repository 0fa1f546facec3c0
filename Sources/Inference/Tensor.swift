import COneDNN
import Networks

/// A dense activation in the engine's memory: channels innermost, then width, height, frames.
///
/// In this layout a range of frames is one contiguous block.
struct Tensor {
  /// The type of its values.
  enum Scalar {
    case f32
    case bf16
    /// 0 to 255, multiplied by the tensor's `step`.
    case u8

    var byteCount: Int {
      switch self {
      case .f32: 4
      case .bf16: 2
      case .u8: 1
      }
    }

    var number: Int32 {
      switch self {
      case .f32: Int32(ODN_F32)
      case .bf16: Int32(ODN_BF16)
      case .u8: Int32(ODN_U8)
      }
    }
  }

  var shape: ActivationShape
  var scalar: Scalar
  /// The value of a stored 1.
  var step: Float = 1

  var byteCount: Int { shape.count * scalar.byteCount }
  /// Bytes between two frames.
  var frameBytes: Int { shape.channels * shape.extent.height * shape.extent.width * scalar.byteCount }

  /// The tensor as the C shim describes it.
  var description: odn_tensor {
    odn_tensor(channels: Int64(shape.channels), extent: odn_extent(shape.extent), type: scalar.number)
  }

  /// A row-major f32 matrix [rows, columns], treated as a single channel so that copying it out keeps its order.
  static func matrix(rows: Int, columns: Int) -> Tensor {
    Tensor(shape: ActivationShape(channels: 1, extent: Extent(rows, columns, 1)), scalar: .f32)
  }
}

extension odn_extent {
  init(_ extent: Extent) {
    self.init(frames: Int64(extent.frames), height: Int64(extent.height), width: Int64(extent.width))
  }
}

extension odn_window {
  /// A kernel that slides with `stride` over an input with zeros before (`front`) and after (`back`) it.
  init(_ size: Extent, stride: Extent = Extent(1), front: Extent = Extent(0), back: Extent = Extent(0)) {
    self.init(
      size: odn_extent(size), stride: odn_extent(stride), front: odn_extent(front), back: odn_extent(back))
  }

  init(_ size: Extent, stride: Extent, padding: Padding) {
    self.init(size, stride: stride, front: padding.front, back: padding.back)
  }
}
