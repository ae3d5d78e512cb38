package reports

import "math"

// fitted is a straight line through points, by least squares.
type fitted struct {
	Slope, Intercept, R2 float64
}

func fit(x, y []float64) (fitted, bool) {
	n := float64(len(x))
	if len(x) < 3 {
		return fitted{}, false
	}
	var sx, sy, sxx, sxy, syy float64
	for i := range x {
		sx, sy, sxx, sxy, syy = sx+x[i], sy+y[i], sxx+x[i]*x[i], sxy+x[i]*y[i], syy+y[i]*y[i]
	}
	vx, vy := sxx-sx*sx/n, syy-sy*sy/n
	if vx <= 1e-12*math.Abs(sxx) {
		return fitted{}, false
	}
	f := fitted{Slope: (sxy - sx*sy/n) / vx}
	f.Intercept = (sy - f.Slope*sx) / n
	f.R2 = 1
	if vy > 1e-12*math.Abs(syy) {
		f.R2 = f.Slope * f.Slope * vx / vy
	}
	return f, true
}
