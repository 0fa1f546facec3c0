import Video

/// The input of a YOLOX detector, and the layout of its output.
///
/// Input [1, 3, H, W] → output [1, rows, 5 + classes]: one row per cell, cells row by row, strides in rising order.
struct YOLOXLayout: Hashable {
  var canvas: FrameSize
  var strides: [Int]
  var classes: Int

  /// Number of rows in the output.
  var rows: Int { strides.reduce(0) { $0 + (canvas.height / $1) * (canvas.width / $1) } }
  var outputShape: [Int] { [1, rows, 5 + classes] }

  /// Determines the layout from an ONNX file's bytes.
  ///
  /// - Throws: `DetectionError` that names the file, what was found and what was expected.
  init(_ file: [UInt8], path: String) throws(DetectionError) {
    let graph: ONNXGraph
    do throws(ProtobufDamage) {
      graph = try ONNXGraph(file)
    } catch { throw .malformed(path: path, reason: error.reason) }
    guard graph.inputs.count == 1, let input = graph.inputs.first else {
      throw .unsuitable(path: path, reason: "it has \(graph.inputs.count) inputs; one of 1x3xHxW is expected")
    }
    let sides = input.shape
    guard sides.count == 4, sides[0] == 1, sides[1] == 3, let height = sides[2], let width = sides[3],
      [height, width].allSatisfy({ (32...2048).contains($0) && $0 % 32 == 0 })
    else {
      let found = sides.isEmpty ? "none" : sides.map { $0.map(String.init) ?? "?" }.joined(separator: "x")
      throw .unsuitable(
        path: path,
        reason: """
          the shape of its input is \(found); 1x3xHxW with fixed H and W, multiples of 32 from 32 to 2048, is expected
          """)
    }
    let output: [Int]
    do throws(ProtobufDamage) {
      output = try ONNXShapes.output(of: graph, input: input.name, shape: [1, 3, height, width])
    } catch { throw .unsuitable(path: path, reason: error.reason) }
    let candidates = [[8, 16, 32], [8, 16, 32, 64]].map {
      YOLOXLayout(
        canvas: FrameSize(width: width, height: height), strides: $0, classes: max(1, output[output.count - 1] - 5))
    }
    guard let layout = candidates.first(where: { $0.outputShape == output && $0.isWhole }), layout.classes <= 10_000
    else {
      throw .unsuitable(
        path: path,
        reason: """
          the shape of its output is \(shapeText(output)); 1x\(candidates[0].rows)x(5 + classes) is expected of an input \
          of \(shapeText([1, 3, height, width]))
          """)
    }
    self = layout
  }

  private init(canvas: FrameSize, strides: [Int], classes: Int) {
    (self.canvas, self.strides, self.classes) = (canvas, strides, classes)
  }

  /// True if every stride divides both sides.
  private var isWhole: Bool { strides.allSatisfy { canvas.width % $0 == 0 && canvas.height % $0 == 0 } }
}
