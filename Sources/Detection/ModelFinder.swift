package import Video

/// Finds people with a detector of the YOLOX family in an ONNX file, run by OpenCV on the CPU.
///
/// Input size, strides and number of classes come from the file. The file may be untrusted: every operation's arguments
/// are checked before OpenCV reads it, and it counts as loaded only after a trial run.
package final class ModelFinder: PersonFinder {
  private let network: OpenCVNetwork
  private let decoder: YOLOXDecoder

  /// Size of the network's input; larger pictures are scaled down to it.
  package var inputSize: FrameSize { decoder.layout.canvas }

  /// Loads a detector.
  ///
  /// - Parameters:
  ///   - path: an ONNX file of at most 512 MB.
  ///   - threads: number of OpenCV threads for the whole process.
  /// - Throws: `DetectionError` that names the file, the problem and what to change.
  package init(path: String, threads: Int = 1) throws(DetectionError) {
    let file = try ModelBytes.read(path)
    decoder = YOLOXDecoder(layout: try YOLOXLayout(file, path: path))
    try OpenCV.setThreads(threads)
    network = try OpenCVNetwork(file, path: path)
    do throws(DetectionError) {
      _ = try find(in: Self.grey)
    } catch {
      guard case .failed(let reason) = error else { throw error }
      throw .cannotRun(path: path, reason: reason)
    }
  }

  package func find(in picture: Frame) throws(DetectionError) -> [ScoredBox] {
    try picture.checkForFinding()
    let letterbox = Letterbox(picture.size, in: inputSize)
    return try network.run(picture, letterbox: letterbox, shape: decoder.layout.outputShape) { output in
      decoder.people(in: output, letterbox: letterbox)
    }
  }

  /// The picture for the trial run.
  private static var grey: Frame {
    var frame = Frame()
    frame.size = FrameSize(width: 32, height: 32)
    frame.format = .rgb24
    frame.planes = [Frame.Plane(offset: 0, rowBytes: 96)]
    frame.bytes = [UInt8](repeating: 114, count: 96 * 32)
    frame.byteCount = frame.bytes.count
    return frame
  }
}
