import Video

/// Places a picture on a network's canvas: at the top left, scaled to fit.
///
/// - Source: YOLOX (Ge et al. 2021), `preproc` of the published code.
struct Letterbox: Hashable {
  var canvas: FrameSize
  var scaled: FrameSize

  init(_ picture: FrameSize, in canvas: FrameSize) {
    let (width, height) = (Double(picture.width), Double(picture.height))
    let ratio = min(Double(canvas.width) / width, Double(canvas.height) / height)
    self.canvas = canvas
    scaled = FrameSize(
      width: min(canvas.width, max(1, Int(width * ratio))), height: min(canvas.height, max(1, Int(height * ratio))))
  }
}
