// What CUDA offers an elementwise kernel, for a C++ compiler of the host: one thread walks over all elements.
#include <algorithm>
#include <cassert>
#include <cmath>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

#define __device__
#define __host__
#define __global__
#define __forceinline__ inline
#define __restrict__
#define CUDART_INF std::numeric_limits<double>::infinity()
#define CUDART_INF_F std::numeric_limits<float>::infinity()
#define CUDART_NAN std::numeric_limits<double>::quiet_NaN()
#define CUDART_NAN_F std::numeric_limits<float>::quiet_NaN()

using std::abs; using std::acos; using std::acosh; using std::asin; using std::asinh; using std::atan; using std::atan2;
using std::atanh; using std::ceil; using std::copysign; using std::cos; using std::cosh; using std::erf; using std::erfc;
using std::exp; using std::exp2; using std::expm1; using std::fabs; using std::floor; using std::fma; using std::fmax;
using std::fmin; using std::fmod; using std::isfinite; using std::isinf; using std::isnan; using std::lgamma; using std::log;
using std::log10; using std::log1p; using std::log2; using std::max; using std::min; using std::nearbyint; using std::pow;
using std::rint; using std::round; using std::signbit; using std::sin; using std::sinh; using std::sqrt; using std::tan;
using std::tanh; using std::tgamma; using std::trunc;
template <class T> using complex = std::complex<T>;

inline float rsqrt(float x) { return 1.0f / std::sqrt(x); }
inline double rsqrt(double x) { return 1.0 / std::sqrt(x); }
inline float rsqrtf(float x) { return rsqrt(x); }
template <class T> T __ldg(const T* p) { return *p; }
template <class T, class V> T atomicAdd(T* p, V v) { T was = *p; *p = T(was + v); return was; }
template <class T, class V> T atomicMax(T* p, V v) { T was = *p; *p = std::max(was, T(v)); return was; }
template <class T, class V> T atomicMin(T* p, V v) { T was = *p; *p = std::min(was, T(v)); return was; }

// float16 is kept in 16 bits and computed with as float, as CuPy's own class does it.
class float16 {
    uint16_t bits;

   public:
    float16() = default;
    float16(float v) {
        uint32_t x;
        std::memcpy(&x, &v, 4);
        const uint32_t sign = (x >> 16) & 0x8000u;
        x &= 0x7fffffffu;
        if (x > 0x7f800000u) { bits = uint16_t(sign | 0x7e00u); return; }
        if (x >= 0x477ff000u) { bits = uint16_t(sign | 0x7c00u); return; }
        if (x < 0x38800000u) {  // below the normal numbers: their step is 2**-24
            float magnitude;
            std::memcpy(&magnitude, &x, 4);
            bits = uint16_t(sign | uint32_t(std::nearbyint(magnitude * 16777216.0f)));
            return;
        }
        x += 0xfffu + ((x >> 13) & 1u);  // to the nearest, ties to even
        bits = uint16_t(sign | ((x - 0x38000000u) >> 13));
    }
    template <class V> float16(V v) : float16(float(v)) {}
    operator float() const {
        const uint32_t sign = uint32_t(bits & 0x8000u) << 16, exponent = (bits >> 10) & 31u, rest = bits & 1023u;
        uint32_t x;
        float v;
        if (exponent == 0) { v = float(rest) * 5.9604644775390625e-08f; return sign ? -v : v; }
        x = sign | (exponent == 31 ? 0x7f800000u : (exponent + 112u) << 23) | (rest << 13);
        std::memcpy(&v, &x, 4);
        return v;
    }
    template <class V> float16& operator+=(V v) { return *this = float16(float(*this) + float(v)); }
    template <class V> float16& operator-=(V v) { return *this = float16(float(*this) - float(v)); }
    template <class V> float16& operator*=(V v) { return *this = float16(float(*this) * float(v)); }
    template <class V> float16& operator/=(V v) { return *this = float16(float(*this) / float(v)); }
};

inline ptrdiff_t at(ptrdiff_t i, int ndim, const ptrdiff_t* shape, const ptrdiff_t* strides) {
    ptrdiff_t offset = 0;
    for (int d = ndim - 1; d >= 0; --d) { offset += (i % shape[d]) * strides[d]; i /= shape[d]; }
    return offset;
}

// A raw array: indexed as if flattened, whatever its strides are.
template <class T> struct CArray {
    char* p;
    ptrdiff_t size_;
    int ndim;
    const ptrdiff_t *shape_, *strides_;
    template <class I> T& operator[](I i) const {
        assert(i >= 0 && ptrdiff_t(i) < size_);
        return *(T*)(p + at(ptrdiff_t(i), ndim, shape_, strides_));
    }
    ptrdiff_t size() const { return size_; }
    const ptrdiff_t* shape() const { return shape_; }
    const ptrdiff_t* strides() const { return strides_; }
};

struct CIndexer {
    ptrdiff_t size_;
    int ndim;
    const ptrdiff_t* shape_;
    ptrdiff_t place[32];
    ptrdiff_t size() const { return size_; }
    const ptrdiff_t* shape() const { return shape_; }
    const ptrdiff_t* get() const { return place; }
    void set(ptrdiff_t i) {
        for (int d = ndim - 1; d >= 0; --d) { place[d] = i % shape_[d]; i /= shape_[d]; }
    }
};
